"""Operations on images; boxes and masks follow every geometric one."""
