"""Print the best experiments of a project: those that logged an accuracy, the highest first."""

import argparse

from polyaxon.client import RunClient

OUTPUTS = ("accuracy", "loss")


def read_settings():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument("--top", type=int, default=5)
    return parser.parse_args()


def best_runs(project, top):
    """Return the `top` finished runs of the project with the highest accuracy."""
    client = RunClient(project=project)
    found = client.list(query="status:succeeded, metrics.accuracy:~nil", sort="-metrics.accuracy", limit=top)
    return found.results


def short(value):
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def table(runs):
    """Lay the runs out in columns: rank, run, outputs, then every input that is not the same for all of them."""
    names = sorted({name for run in runs for name in run.inputs or {}})
    varying = [name for name in names if len({str((run.inputs or {}).get(name)) for run in runs}) > 1 or len(runs) == 1]
    rows = [["", "run", *OUTPUTS, *varying]]
    for rank, run in enumerate(runs, start=1):
        outputs = [f"{run.outputs[name]:.4f}" if name in run.outputs else "" for name in OUTPUTS]
        inputs = [short((run.inputs or {}).get(name, "")) for name in varying]
        rows.append([f"{rank}.", run.uuid[:8], *outputs, *inputs])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def same_for_all(runs):
    """Return the inputs that every run shares, as text."""
    first, *others = [run.inputs or {} for run in runs]
    shared = {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
    return ", ".join(f"{name}={short(value)}" for name, value in sorted(shared.items()))


def main():
    settings = read_settings()
    runs = best_runs(settings.project, settings.top)
    if not runs:
        print(f"no run of project {settings.project} has logged an accuracy yet")
        return
    print(f"best models of project {settings.project}, by accuracy on held-out digits:")
    for line in table(runs):
        print("  " + line)
    if len(runs) > 1:
        print(f"  the same for all: {same_for_all(runs)}")


if __name__ == "__main__":
    main()
