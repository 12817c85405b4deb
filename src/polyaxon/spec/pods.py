"""What surrounds the containers of a pod? Volumes, and the objects of `environment`, in Kubernetes' words."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from polyaxon.spec.container import KubernetesModel
from polyaxon.spec.fields import BoolOrRef

__all__ = ["Affinity", "DnsConfig", "HostAlias", "PodSecurityContext", "Toleration", "Volume"]


class Volume(KubernetesModel):
    """A volume of the pod: a `name` and one source, in Kubernetes' words."""

    name: str
    """The name that `volumeMounts` use."""
    aws_elastic_block_store: Any = None
    azure_disk: Any = None
    azure_file: Any = None
    cephfs: Any = None
    cinder: Any = None
    config_map: Any = None
    csi: Any = None
    downward_api: Any = Field(default=None, alias="downwardAPI")
    empty_dir: Any = None
    ephemeral: Any = None
    fc: Any = None
    flex_volume: Any = None
    flocker: Any = None
    gce_persistent_disk: Any = None
    git_repo: Any = None
    glusterfs: Any = None
    host_path: Any = None
    image: Any = None
    iscsi: Any = None
    nfs: Any = None
    persistent_volume_claim: Any = None
    photon_persistent_disk: Any = None
    portworx_volume: Any = None
    projected: Any = None
    quobyte: Any = None
    rbd: Any = None
    scale_io: Any = Field(default=None, alias="scaleIO")
    secret: Any = None
    storageos: Any = None
    vsphere_volume: Any = None


class Toleration(KubernetesModel):
    """A taint of nodes that the pod tolerates."""

    effect: str | None = None
    key: str | None = None
    operator: str | None = None
    toleration_seconds: int | None = None
    value: Any = None


class HostAlias(KubernetesModel):
    """A line of the pod's hosts file."""

    ip: str | None = None
    hostnames: list[str] | None = None


class Affinity(KubernetesModel):
    """Which nodes and which neighbours the pod wants."""

    node_affinity: Any = None
    pod_affinity: Any = None
    pod_anti_affinity: Any = None


class PodSecurityContext(KubernetesModel):
    """User, group and privileges of the pod."""

    app_armor_profile: Any = None
    fs_group: Any = None
    fs_group_change_policy: Any = None
    run_as_group: Any = None
    run_as_non_root: BoolOrRef | None = None
    run_as_user: Any = None
    se_linux_change_policy: Any = None
    se_linux_options: Any = None
    seccomp_profile: Any = None
    supplemental_groups: Any = None
    supplemental_groups_policy: Any = None
    sysctls: Any = None
    windows_options: Any = None


class DnsConfig(KubernetesModel):
    """Name servers and search domains of the pod."""

    nameservers: list[str] | None = None
    options: Any = None
    searches: list[str] | None = None
