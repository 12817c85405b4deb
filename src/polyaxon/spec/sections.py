"""The sections that most files do without: each is imported and built when a file first has it.

Type checkers see the models; the validators, the JSON Schema and the reference pages find them by `Later`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    from polyaxon.spec.cache import Cache
    from polyaxon.spec.environment import Environment
    from polyaxon.spec.hooks import Build, Event, Hook
    from polyaxon.spec.init import Init
    from polyaxon.spec.params import Join
    from polyaxon.spec.plugins import Plugins
    from polyaxon.spec.pods import Volume
    from polyaxon.spec.termination import Termination
else:
    from polyaxon.spec.fields import Later, Model

    Build = Annotated[Model, Later("hooks:Build")]
    Cache = Annotated[Model, Later("cache:Cache")]
    Environment = Annotated[Model, Later("environment:Environment")]
    Event = Annotated[Model, Later("hooks:Event")]
    Hook = Annotated[Model, Later("hooks:Hook")]
    Init = Annotated[Model, Later("init:Init")]
    Join = Annotated[Model, Later("params:Join")]
    Plugins = Annotated[Model, Later("plugins:Plugins")]
    Termination = Annotated[Model, Later("termination:Termination")]
    Volume = Annotated[Model, Later("pods:Volume")]

__all__ = ["Build", "Cache", "Environment", "Event", "Hook", "Init", "Join", "Plugins", "Termination", "Volume"]
