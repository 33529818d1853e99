"""The engine: resolves what parts need, runs them, seeds them, caches, reports progress, resumes.

It knows parts only through their shelf and their contract, never by name, and draws nothing: progress is
an event that defaults to nobody listening.
"""

from tilth.engine.cache import NoStore, Store
from tilth.engine.execute import Execution, run_detectors
from tilth.engine.options import ResolverOptions
from tilth.engine.resolve import Resolver
from tilth.engine.runs import EngineRun, Event, Listener, silent

__all__ = [
    "EngineRun",
    "Event",
    "Execution",
    "Listener",
    "NoStore",
    "Resolver",
    "ResolverOptions",
    "Store",
    "run_detectors",
    "silent",
]
