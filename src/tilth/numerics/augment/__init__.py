"""Augmentation of images, texts, sounds and tables: arrays in, arrays out, all randomness from a given generator."""
