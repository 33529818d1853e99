"""Models by name, and what makes two of them the same."""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import Any

import numpy as np

from tilth.errors import ParameterError
from tilth.records import digest

__all__ = ["check_model", "load_model", "model_identity"]


def load_model(name: str) -> Any:
    """The classifier or factory that ``package.module:attribute`` names; None for ``default``.

    Raises
    ------
    ParameterError
        The name has another form, or nothing of that name can be imported.
    """
    if name == "default":
        return None
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise ParameterError(
            "a model is named as package.module:attribute",
            found=repr(name),
            fix="for instance --model sklearn.naive_bayes:GaussianNB",
        )
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise ParameterError(
            "cannot import this model", found=repr(name), fix=f"check the name; Python says: {error}"
        ) from error


def model_identity(model: Any, name: str = "") -> tuple[str, str]:
    """How a model is called in reports, and the hash under which its results are kept.

    The hash covers the class, its version and all parameters of an estimator, or the source of a function: two
    models with equal text and other parameters are not taken for one another.

    Parameters
    ----------
    model : scikit-learn estimator, class or function; None for the default one
    name : str
        Taken as the name; needed where the model cannot describe itself, and then it stands for the model.

    Raises
    ------
    ParameterError
        A lambda, a local function, or a parameter that has no stable description, and no name.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> model_identity(GaussianNB())[1] == model_identity(GaussianNB(var_smoothing=1e-3))[1]
    False
    """
    if model is None:
        return "default", "default"
    if not (hasattr(model, "fit") or callable(model)):
        raise ParameterError(
            "a model is a scikit-learn estimator, a class of them or a function that returns one",
            found=f"{type(model).__name__}: {repr(model)[:80]}",
        )
    try:
        key = digest(_described(model))
    except ParameterError:
        if not name:
            raise
        key = digest({"name": name})
    return name or _called(model), key


def check_model(model: Any, name: str = "") -> None:
    """Raise `ParameterError` where a model, or what its factory makes, cannot be fitted."""
    if model is None:
        return
    factory = isinstance(model, type) or not hasattr(model, "fit")
    try:
        made = model() if factory else model
    except Exception as error:
        raise ParameterError(
            "this factory makes no model when it is called without arguments",
            found=f"{name or model!r}: {type(error).__name__}: {error}",
            fix="give every argument a default",
        ) from error
    if not (hasattr(made, "fit") and hasattr(made, "predict")):
        raise ParameterError(
            "this is no model: it has no fit or no predict method",
            found=f"{name or 'model'} gives {type(made).__name__}",
            fix="name a scikit-learn classifier, for instance --model sklearn.naive_bayes:GaussianNB",
        )


def _called(model: Any) -> str:
    return str(model.__qualname__) if hasattr(model, "__qualname__") else " ".join(repr(model).split())


def _described(value: Any) -> Any:
    """A JSON-like description of a model or of one of its parameters."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), value.tobytes().hex()]
    if isinstance(value, (list, tuple)):
        return [_described(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _described(each) for key, each in value.items()}
    if inspect.isclass(value) or inspect.isroutine(value):
        return _described_code(value)
    if hasattr(value, "get_params"):
        params = {key: _described(each) for key, each in value.get_params(deep=False).items()}
        return {"class": _described_code(type(value)), "params": params}
    raise ParameterError(
        "this model cannot be told from another one, so nothing made with it can be kept",
        found=f"{type(value).__module__}.{type(value).__qualname__}: {repr(value)[:80]}",
        fix="pass model_name='...', and another name whenever the model changes",
    )


def _described_code(code: Any) -> dict[str, str]:
    name = f"{code.__module__}.{code.__qualname__}"
    if "<" in code.__qualname__:
        raise ParameterError(
            "a model factory needs a name of its own",
            found=name,
            fix="define it at the top of a module, or pass model_name='...'",
        )
    package = sys.modules.get(str(code.__module__).partition(".")[0])
    version = str(getattr(package, "__version__", ""))
    try:
        source = "" if version else inspect.getsource(code)
    except (OSError, TypeError):
        source = ""
    return {"name": name, "version": version, "source": source}
