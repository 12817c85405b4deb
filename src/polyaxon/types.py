"""The names of the types of inputs and outputs, for Python polyaxonfiles: `V1IO(name="lr", type=types.FLOAT)`."""

from __future__ import annotations

__all__ = [
    "ANY",
    "ARTIFACTS",
    "BOOL",
    "DATE",
    "DATETIME",
    "DICT",
    "DOCKERFILE",
    "EMAIL",
    "EVENT",
    "FILE",
    "FLOAT",
    "GCS",
    "GIT",
    "IMAGE",
    "INT",
    "LIST",
    "METADATA",
    "METRIC",
    "PATH",
    "S3",
    "STR",
    "TENSORBOARD",
    "TIMEDELTA",
    "URI",
    "UUID",
    "WASB",
]

ANY = "any"
ARTIFACTS = "artifacts"
BOOL = "bool"
DATE = "date"
DATETIME = "datetime"
DICT = "dict"
DOCKERFILE = "dockerfile"
EMAIL = "email"
EVENT = "event"
FILE = "file"
FLOAT = "float"
GCS = "gcs"
GIT = "git"
IMAGE = "image"
INT = "int"
LIST = "list"
METADATA = "metadata"
METRIC = "metric"
PATH = "path"
S3 = "s3"
STR = "str"
TENSORBOARD = "tensorboard"
TIMEDELTA = "timedelta"
URI = "uri"
UUID = "uuid"
WASB = "wasb"
