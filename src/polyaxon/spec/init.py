"""What happens before the main container starts? The entries of `init` and what they fetch, write or clone."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import core_schema

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.container import Container
from polyaxon.spec.fields import Before, CommaList, IntOrRef, Model, OrTemplate, Shape, wrong
from polyaxon.spec.types import IMAGE

__all__ = [
    "ArtifactKind",
    "ArtifactsType",
    "DockerfileType",
    "FileType",
    "GitType",
    "Init",
    "TensorboardType",
]

_TEXT = core_schema.str_schema(strict=True)
_PAIR = core_schema.list_schema(core_schema.any_schema(), min_length=2, max_length=2, strict=True)

PathItem: TypeAlias = Annotated[
    str | list[Any],
    Shape(
        "a path, or a pair `[from, to]`",
        core_schema.union_schema(
            [_TEXT, _PAIR, core_schema.tuple_schema([_TEXT, _TEXT], strict=True)], mode="left_to_right"
        ),
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
            ]
        },
    ),
]
Paths: TypeAlias = Annotated[
    str | list[str | list[str]],
    Shape(
        "a path, or a list of paths and pairs `[from, to]`",
        core_schema.union_schema(
            [
                _TEXT,
                core_schema.list_schema(core_schema.union_schema([_TEXT, _PAIR], mode="left_to_right"), strict=True),
            ],
            mode="left_to_right",
        ),
        {"anyOf": [{"type": "string"}, {"type": "array"}]},
    ),
]
EnvVars: TypeAlias = Annotated[
    dict[str, Any] | list[Any],
    Shape(
        "a mapping, or a list of pairs `[name, value]`",
        core_schema.union_schema(
            [
                core_schema.dict_schema(_TEXT, core_schema.any_schema(), strict=True),
                core_schema.list_schema(
                    core_schema.union_schema(
                        [_PAIR, core_schema.dict_schema(_TEXT, core_schema.any_schema(), strict=True)],
                        mode="left_to_right",
                    ),
                    strict=True,
                ),
            ],
            mode="left_to_right",
        ),
        {"anyOf": [{"type": "object"}, {"type": "array"}]},
    ),
]
ImageName: TypeAlias = Annotated[
    str,
    Shape(
        "the name of an image, without blanks",
        core_schema.union_schema(
            [core_schema.str_schema(pattern=IMAGE), core_schema.str_schema(pattern=r"\{\{.+\}\}")],
            mode="left_to_right",
        ),
        {"type": "string", "minLength": 1},
    ),
]


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 20 else value


UserNumber: TypeAlias = Annotated[
    IntOrRef, Before(_number, "its digits as a text", {"type": "string", "pattern": r"^\d+$"})
]


class GitType(Model):
    """A git repository to clone."""

    url: str | None = None
    """Where the repository is; not needed beside a git connection."""
    revision: str | None = None
    """Branch, tag or commit; the remote's default branch when absent."""
    flags: list[str] | None = None
    """Further options of `git clone`."""


class ArtifactsType(Model):
    """Files and directories to copy from an artifacts store."""

    files: list[PathItem] | None = None
    """Paths of files, or pairs `[from, to]`."""
    dirs: list[PathItem] | None = None
    """Paths of directories, or pairs `[from, to]`."""
    workers: IntOrRef | None = None
    """How many copies at the same time."""


class DockerfileType(Model):
    """A Dockerfile to write."""

    image: ImageName
    """The base image."""
    env: EnvVars | None = None
    """`ENV` lines."""
    path: list[str] | None = None
    """Directories appended to `PATH`."""
    copy_: Annotated[list[PathItem] | str, OrTemplate] | None = Field(default=None, alias="copy")
    """`COPY` lines before the `RUN` lines: paths, or pairs `[from, to]`."""
    post_run_copy: Annotated[list[PathItem] | str, OrTemplate] | None = None
    """`COPY` lines after the `RUN` lines."""
    run: Annotated[list[str] | str, OrTemplate] | None = None
    """`RUN` lines."""
    lang_env: str | None = None
    """The locale."""
    uid: UserNumber | None = None
    """Number of the user to create."""
    gid: UserNumber | None = None
    """Number of the group to create."""
    username: str | None = None
    """Name of the user to create; `polyaxon` when absent."""
    filename: str | None = None
    """Name of the file; `Dockerfile` when absent."""
    workdir: str | None = None
    """`WORKDIR`; `/code` when absent."""
    workdir_path: str | None = None
    """A directory copied into the working directory at the end."""
    shell: str | None = None
    """The shell; `/bin/bash` when absent."""


ArtifactKind: TypeAlias = Literal[
    "model",
    "audio",
    "video",
    "histogram",
    "image",
    "tensor",
    "dataframe",
    "chart",
    "csv",
    "tsv",
    "psv",
    "ssv",
    "metric",
    "env",
    "html",
    "text",
    "file",
    "dir",
    "dockerfile",
    "docker_image",
    "data",
    "coderef",
    "table",
    "tensorboard",
    "curve",
    "confusion",
    "analysis",
    "iteration",
    "markdown",
    "system",
    "artifact",
    "span",
]
"""What an artifact of a run can be."""


class FileType(Model):
    """A file to write."""

    content: str
    """The text of the file."""
    filename: str | None = None
    """Name of the file; `file` when absent."""
    chmod: str | None = None
    """Mode, such as `+x` or `"755"`."""
    kind: ArtifactKind | None = None
    """Kind of the artifact that the file is."""


class TensorboardType(Model):
    """Runs whose tensorboard logs are collected."""

    port: IntOrRef | None = None
    """Port of the tensorboard."""
    uuids: Annotated[CommaList | str, OrTemplate] | None = None
    """The runs: a list, or one text with commas."""
    use_names: bool | None = None
    """Whether the logs lie under the runs' names instead of their uuids."""
    path_prefix: str | None = None
    """Prefix of the tensorboard's address."""
    plugins: CommaList | None = None
    """Packages to install before tensorboard starts."""


_SOURCES = (
    "artifacts",
    "paths",
    "git",
    "dockerfile",
    "file",
    "tensorboard",
    "lineage_ref",
    "model_ref",
    "artifact_ref",
)


class Init(Model):
    """One entry of `init`: something fetched, cloned or written before the main container starts."""

    artifacts: Annotated[ArtifactsType | str, OrTemplate] | None = None
    """Files and directories to copy from a store."""
    paths: Paths | None = None
    """Paths to copy from a store, each a file or a directory."""
    git: Annotated[GitType | str, OrTemplate] | None = None
    """A repository to clone."""
    dockerfile: Annotated[DockerfileType | str, OrTemplate] | None = None
    """A Dockerfile to write."""
    file: Annotated[FileType | str, OrTemplate] | None = None
    """A file to write."""
    tensorboard: Annotated[TensorboardType | str, OrTemplate] | None = None
    """Runs whose tensorboard logs are collected."""
    lineage_ref: str | None = None
    """An artifact of a run: `<run uuid>:<name>`."""
    model_ref: str | None = None
    """A model version: `[owner/]project[:version]`."""
    artifact_ref: str | None = None
    """An artifact version: `[owner/]project[:version]`."""
    connection: str | None = None
    """The connection to use."""
    path: str | None = None
    """Target directory instead of the default one."""
    container: Container | None = None
    """The init container itself: customised, or alone a custom step."""

    @model_validator(mode="after")
    def _check(self) -> Init:
        given = [name for name in _SOURCES if getattr(self, name) is not None]
        if len(given) > 1:
            names = ", ".join(f"`{type(self).model_fields[name].alias}`" for name in given)
            raise wrong(
                SpecCode.CONFLICT,
                f"an init entry does one thing, this one has {names}",
                at=(str(type(self).model_fields[given[1]].alias),),
                suggestion="write one entry for each",
            )
        if not given and self.connection is None and self.container is None:
            raise wrong(
                SpecCode.CONFLICT,
                "the init entry does nothing",
                suggestion="give it `git`, `artifacts`, `paths`, `file`, `dockerfile`, `connection` or `container`",
            )
        if isinstance(self.git, GitType) and self.git.url is None and self.connection is None:
            raise wrong(SpecCode.CONFLICT, "`git` needs a `url`, or a `connection` beside it", at=("git",))
        return self
