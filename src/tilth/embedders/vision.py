"""Images to vectors by any vision model, from a folder or from the hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.embedders._language_models import activation_bytes, check_options, load_pretrained, pick_device
from tilth.errors import NotApplicable, TilthError
from tilth.numerics.media.images import decode_image
from tilth.plugin import Embedder, Example, Run

__all__ = ["Vision"]

Float32 = npt.NDArray[np.float32]
#: Patches of an image in a common vision transformer (224 pixels in patches of 14), and its class token.
_TOKENS = 257


@dataclass(frozen=True)
class Vision(Embedder):
    """Embed images with any vision model that the transformers library loads, named by folder or hub name.

    ViT, DINOv2, Swin, ConvNeXt, ResNet, CLIP, SigLIP and their like.
    Models with an image-text space (CLIP) give their image features; of others the last hidden states are
    averaged over tokens or places: a pooling layer that was not trained with the model never counts. Code that
    comes with a model is never run. An image that cannot be read has NaN in every column.

    Parameters
    ----------
    model : str
        Path of a folder with ``config.json``, weights and ``preprocessor_config.json``, or a name on the hub.
    pooling : {"mean", "first"}
        "first" takes the first token, the class token of a ViT.
    batch_size : int
    device : str
        "auto" for a GPU where there is one, else "cpu", "cuda", "mps".

    References
    ----------
    .. [1] Dosovitskiy et al. (2021). An image is worth 16x16 words. ICLR.
    .. [2] Oquab et al. (2024). DINOv2: learning robust visual features without supervision. TMLR.

    Examples
    --------
    >>> Vision(model="my/folder").spec()["params"]["pooling"]
    'mean'
    """

    model: str = "facebook/dinov2-small"
    pooling: str = "mean"
    batch_size: int = 16
    device: str = "auto"

    accepts: ClassVar[tuple[str, ...]] = ("image",)
    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False
    extra: ClassVar[str] = "vision"

    def __post_init__(self) -> None:
        check_options(self.pooling, self.batch_size)

    def embed(self, items: Any, run: Run) -> Float32:
        """Vectors of encoded images, shape (n, features of the model)."""
        torch, transformers = self.require("torch"), self.require("transformers")
        processor = load_pretrained(transformers.AutoImageProcessor, self.model, self)
        network = load_pretrained(transformers.AutoModel, self.model, self)
        network = network.to(pick_device(torch, self.device)).eval()
        out: Float32 | None = None
        run.expect(len(items))
        size = run.rows_within(activation_bytes(network.config, _TOKENS), self.batch_size)
        for rows, pictures in self._batches(items, size):
            if pictures:
                with torch.inference_mode():
                    pixels = processor(images=pictures, return_tensors="pt")["pixel_values"].to(network.device)
                    vectors = self._pooled(network, pixels).float().cpu().numpy()
                if out is None:
                    out = np.full((len(items), vectors.shape[1]), np.nan, dtype=np.float32)
                out[rows] = vectors
            run.advance(len(rows))
        if out is None:
            raise NotApplicable("not one image can be read", found=f"{len(items)} image(s)")
        return out

    def _batches(self, items: Any, size: int) -> Iterator[tuple[list[int], list[npt.NDArray[np.uint8]]]]:
        """Rows and pixels of the readable images, `size` at a time."""
        rows: list[int] = []
        pictures: list[npt.NDArray[np.uint8]] = []
        for row in range(len(items)):
            try:
                pictures.append(decode_image(items[row], where=f"image {row}"))
            except TilthError:  # its row stays NaN
                continue
            rows.append(row)
            if len(rows) == size:
                yield rows, pictures
                rows, pictures = [], []
        yield rows, pictures

    def _pooled(self, network: Any, pixels: Any) -> Any:
        if hasattr(network, "get_image_features"):
            features = network.get_image_features(pixel_values=pixels)
            return features if hasattr(features, "shape") else features.pooler_output
        hidden = network(pixel_values=pixels).last_hidden_state
        if hidden.ndim == 4:  # a convolutional network: channels, height, width
            return hidden.mean(dim=(2, 3))
        return hidden[:, 0] if self.pooling == "first" else hidden.mean(dim=1)

    @classmethod
    def example(cls) -> Example:
        """None by itself: it needs a model on disk, and none comes as a package."""
        raise NotApplicable("its example needs a vision model on disk", fix="call it with model=FOLDER")
