"""What can be wrong between the parts of a polyaxonfile? The stable codes PX200–PX399, explained for people.

Mistakes inside one file are `spec.codes`. A code is never reused for something else; `docs/reference/errors.md` is
generated from both tables.
"""

from __future__ import annotations

from enum import StrEnum

from polyaxon.spec.codes import CODES as SPEC_CODES
from polyaxon.spec.codes import Code

__all__ = ["CODES", "CompileCode", "errors_page"]


class CompileCode(StrEnum):
    """The problems that composing, checking and compiling can have."""

    NOT_FOUND = "PX200"
    FETCH = "PX201"
    REFERENCE_CYCLE = "PX202"
    UNKNOWN_COMPONENT = "PX203"
    DAG_REF_OUTSIDE = "PX204"
    NO_RUNTIME = "PX205"
    RUN_PATCH = "PX206"
    MISPLACED_SHORTHAND = "PX207"
    OVERRIDE = "PX208"
    OVERRIDE_LOST = "PX209"
    UNKNOWN_OPERATION = "PX210"
    UNKNOWN_VALUE = "PX211"
    CYCLE = "PX212"
    DUPLICATE_OPERATION = "PX213"
    DUPLICATE_COMPONENT = "PX214"
    UNUSED_COMPONENT = "PX215"
    EMPTY_DAG = "PX216"
    UNNAMED = "PX217"
    UNREACHABLE = "PX218"
    BUILD_ON_DAG = "PX219"
    MISSING_PARAM = "PX220"
    UNKNOWN_PARAM = "PX221"
    PARAM_TYPE = "PX222"
    EDGE_TYPE = "PX223"
    BAD_REF = "PX224"
    BAD_PATH = "PX225"
    PARAM_AND_MATRIX = "PX226"
    TO_INIT = "PX227"
    JOIN_PARAM = "PX228"
    QUERY = "PX229"
    UNDEFINED = "PX230"
    TEMPLATE_SYNTAX = "PX231"
    TEMPLATE_REFUSED = "PX232"
    TEMPLATE_FAILED = "PX233"
    CONDITION = "PX234"
    CONSTANT_CONDITION = "PX235"
    PARAM_CYCLE = "PX236"
    MATRIX_VALUE = "PX240"
    MATRIX_SIZE = "PX242"
    HYPERBAND = "PX243"
    PROBABILITIES = "PX244"
    SEARCH_SETTINGS = "PX245"
    SEARCH_NEEDS = "PX246"
    CRON = "PX250"
    SCHEDULE = "PX251"
    PLUGINS = "PX260"
    NO_CONTAINER = "PX263"
    NO_IMAGE = "PX264"
    ONE_TEXT = "PX265"
    EVENT = "PX266"
    TEMPLATE_FILE = "PX267"
    DUPLICATE_VOLUME = "PX269"
    RENDERED = "PX270"
    JOIN = "PX271"
    NO_ROOM = "PX280"


CODES: dict[str, Code] = {
    CompileCode.NOT_FOUND: Code(
        "There is nothing where the reference points",
        "A `pathRef` names a file that does not exist, a `urlRef` an address that has nothing, a "
        "`hubRef` a component that is not in the hub. A relative path starts from the directory of the "
        "file that holds it.",
        "pathRef: ./no-such-file.yaml",
    ),
    CompileCode.FETCH: Code(
        "What is referred to cannot be read",
        "The address could not be reached, answered with an error, or sent too much. Check the address, "
        "the connection and the mirrors of the settings.",
        "urlRef: https://example.invalid/train.yaml",
    ),
    CompileCode.REFERENCE_CYCLE: Code(
        "References lead back to where they started",
        "A file refers to itself, directly or through others, or components of a dag refer to each other "
        "in a circle. The message lists the way.",
        "pathRef: polyaxonfile.yaml   # in polyaxonfile.yaml",
    ),
    CompileCode.UNKNOWN_COMPONENT: Code(
        "The dag has no component of that name",
        "`dagRef` names one of the dag's `components`. Components of an outer dag are not seen by an inner one.",
        "{name: a, dagRef: trian}   # the component is called `train`",
    ),
    CompileCode.DAG_REF_OUTSIDE: Code(
        "`dagRef` stands outside a dag",
        "A `dagRef` only means something in the `operations` of a dag. Elsewhere use `pathRef`, "
        "`urlRef`, `hubRef` or `component`.",
        "kind: operation\ndagRef: train",
    ),
    CompileCode.NO_RUNTIME: Code(
        "There is nothing to run",
        "Neither the file nor anything it refers to has a `run` section, or short fields such as "
        "`container` and `cmd` that stand for one. A file that is only laid over others says `isPreset: "
        "true`.",
        "kind: operation\nname: empty",
    ),
    CompileCode.RUN_PATCH: Code(
        "`runPatch` does not fit the runtime",
        "The patch is laid over the component's `run`. Its fields must be fields of that kind of "
        "runtime, or, for distributed kinds, of its roles, and the result must be valid.",
        "runPatch: {contianer: {image: other}}",
    ),
    CompileCode.MISPLACED_SHORTHAND: Code(
        "A short field does not fit the runtime",
        "`ports` makes or needs a service; on a dag only `environment`, `connections` and `volumes` mean something.",
        "run: {kind: job, container: {image: x}}\nports: [80]",
    ),
    CompileCode.OVERRIDE: Code(
        "An option of the command line cannot be read",
        "`-HP` takes `name=kind:value`, such as `lr=uniform:0:1` or `opt=choice:[sgd,adam]`.",
        "polyaxon run -f train.yaml -HP lr=0.1",
    ),
    CompileCode.OVERRIDE_LOST: Code(
        "An option of the command line has no effect",
        "The file's own `runPatch` is applied after `--image` and `--cmd` and says otherwise.",
        "polyaxon run -f train.yaml --image other   # train.yaml patches the image",
    ),
    CompileCode.UNKNOWN_OPERATION: Code(
        "The dag has no operation of that name",
        "`dependencies`, params with `ref: ops.NAME` and events name operations of the same dag.",
        "dependencies: [trian]   # the operation is called `train`",
    ),
    CompileCode.UNKNOWN_VALUE: Code(
        "There is no such value to take",
        "A param refers to an input or output that the other operation, or the dag, does not declare. "
        "Searches, schedules and dags have no outputs but those with a `value`; join over their runs.",
        "params: {x: {ref: ops.train, value: outputs.los}}",
    ),
    CompileCode.CYCLE: Code(
        "Operations wait for each other",
        "Following dependencies, params and events leads back to the same operation, so none of them "
        "could start. The message shows the circle in the order of the work.",
        "{name: a, dependencies: [b]}\n{name: b, dependencies: [a]}",
    ),
    CompileCode.DUPLICATE_OPERATION: Code(
        "Two operations have the same name",
        "The operations of a dag are known by their names.",
        "operations: [{name: a, …}, {name: a, …}]",
    ),
    CompileCode.DUPLICATE_COMPONENT: Code(
        "Two components have the same name",
        "The components of a dag are known by their names.",
        "components: [{name: step, …}, {name: step, …}]",
    ),
    CompileCode.UNUSED_COMPONENT: Code(
        "Nothing uses the component",
        "A warning: no operation of the dag refers to the component.",
        "components: [{name: never-used, …}]",
    ),
    CompileCode.EMPTY_DAG: Code(
        "The dag has no operations",
        "A dag runs its `operations`; without any there is nothing to do.",
        "run: {kind: dag, operations: []}",
    ),
    CompileCode.UNNAMED: Code(
        "A name is missing",
        "Operations and components of a dag need names.",
        "operations: [{dagRef: train}]",
    ),
    CompileCode.UNREACHABLE: Code(
        "The operation can never run",
        "Whatever happens, its trigger cannot be met, or it is always skipped together with what comes before.",
        "{name: b, dependencies: [a], trigger: one_succeeded}   # `a` is never run",
    ),
    CompileCode.BUILD_ON_DAG: Code(
        "A dag has no image to build",
        "`build` makes the image of one operation. Put it on the operations of the dag.",
        "build: {hubRef: kaniko}\nrun: {kind: dag, …}",
    ),
    CompileCode.MISSING_PARAM: Code(
        "A required input has no value",
        "The component declares an input without a default, and neither `params`, nor a search, nor a "
        "join gives it one. For a file that is a component, a warning: whoever uses it gives the value.",
        "component: {inputs: [{name: epochs, type: int}], …}   # no params",
    ),
    CompileCode.UNKNOWN_PARAM: Code(
        "Nobody wants the value",
        "The component declares no input of that name, and no template uses it. A value that a template "
        "uses needs no declaration, unless `strictParams` is on.",
        "polyaxon run -f train.yaml -P loss=0.002   # the input is called `max_loss`",
    ),
    CompileCode.PARAM_TYPE: Code(
        "The value does not fit its input",
        "The value is not of the declared type, or breaks a rule of `validation`.",
        "params: {epochs: abc}   # type: int",
    ),
    CompileCode.EDGE_TYPE: Code(
        "Two operations disagree about a type",
        "What one operation gives is not what the other takes. Equal types fit, `int` fits `float`, "
        "texts and paths fit each other, `any` and no type fit everything; a list fits a list.",
        "params: {count: {ref: ops.a, value: outputs.report}}   # str to int",
    ),
    CompileCode.BAD_REF: Code(
        "`ref` cannot be read",
        "A reference is `ops.NAME` or `dag` inside a dag, or `runs.UUID`.",
        "ref: operations.train",
    ),
    CompileCode.BAD_PATH: Code(
        "The path of a value cannot be read",
        "Beside `ref` or in a join, `value` is `outputs.NAME`, `inputs.NAME`, `artifacts.NAME`, "
        "`globals.NAME`, or one of these sections whole.",
        "{ref: ops.train, value: loss}",
    ),
    CompileCode.PARAM_AND_MATRIX: Code(
        "A name is both a param and searched",
        "A warning: the search's values replace the param.",
        "params: {lr: 0.1}\nmatrix: {params: {lr: …}, …}",
    ),
    CompileCode.TO_INIT: Code(
        "`toInit` does not say what to fetch",
        "The input needs the type git, artifacts, dockerfile or path, or a `connection`.",
        "params: {code: {value: x, toInit: true}}",
    ),
    CompileCode.JOIN_PARAM: Code(
        "A join gives a list",
        "The param of a join is a list over the runs it finds. The input must say `isList: true` or be "
        "of type artifacts, or the param be `contextOnly`.",
        "inputs: [{name: loss, type: float}]   # joined",
    ),
    CompileCode.QUERY: Code(
        "The query or the sort cannot be read",
        "The text that a join or a warm start asks other runs with is not in the [search language](query.md): its "
        "grammar, a field that runs do not have, or an operation that the field does not take.",
        "joins: [{query: 'metric.loss:<1', params: {loss: {value: outputs.loss}}}]",
    ),
    CompileCode.UNDEFINED: Code(
        "A template names something that does not exist",
        "Templates see the inputs, outputs and params of their operation, and `globals`, `params`, "
        "`init` and `connections` (the run's own). Values of other operations come through params with a `ref`.",
        'args: ["{{ learning_rate }}"]   # the input is called `lr`',
    ),
    CompileCode.TEMPLATE_SYNTAX: Code(
        "A template cannot be read",
        "The expression between the braces is not complete, or uses a filter that does not exist.",
        'args: ["{{ lr )"]',
    ),
    CompileCode.TEMPLATE_REFUSED: Code(
        "A template does what templates may not",
        "Macros, includes and access to internals are refused, and so is work that grows without bound.",
        "args: [\"{{ 'a' * 10**9 }}\"]",
    ),
    CompileCode.TEMPLATE_FAILED: Code(
        "A template failed",
        "The expression could be read, but not computed with the values it got.",
        'args: ["{{ 1 / 0 }}"]',
    ),
    CompileCode.CONDITION: Code(
        "The condition is neither true nor false",
        "A condition gives true or false, or one of the words yes, no, on, off, 1, 0.",
        "conditions: perhaps",
    ),
    CompileCode.CONSTANT_CONDITION: Code(
        "The condition never changes",
        "A warning: without a name in it, the condition is always false, and the operation never runs.",
        'conditions: "false"',
    ),
    CompileCode.PARAM_CYCLE: Code(
        "Values need each other",
        "Templates in params and defaults may name each other, but not in a circle.",
        'params: {a: "{{ b }}", b: "{{ a }}"}',
    ),
    CompileCode.MATRIX_VALUE: Code(
        "A searched value does not fit its input",
        "A listed value is not of the input's type, or the kind of space gives fractions where the input "
        "takes whole numbers.",
        "lr: {kind: choice, value: [0.1, a]}   # type: float",
    ),
    CompileCode.MATRIX_SIZE: Code(
        "The size of the search",
        "A warning: the search has more runs than anyone wants, or fewer different points than runs.",
        "kind: grid   # over three times 200 values",
    ),
    CompileCode.HYPERBAND: Code(
        "The settings of the budget do not work",
        "The resource must be an input that takes numbers and is not searched itself; with a small "
        "`maxIterations` nothing is ever halved.",
        "resource: {name: epoch, type: int}   # the input is called `epochs`",
    ),
    CompileCode.PROBABILITIES: Code(
        "The probabilities do not add up to 1",
        "A warning: they are taken as shares of their sum.",
        "value: [[relu, 0.1], [sigmoid, 0.8]]",
    ),
    CompileCode.SEARCH_SETTINGS: Code(
        "The search improves a value that is not declared",
        "A warning: the component declares outputs, but not this metric. It may still be logged.",
        "metric: {name: los, optimization: minimize}",
    ),
    CompileCode.SEARCH_NEEDS: Code(
        "The search cannot begin like this",
        "Something that its algorithm needs is missing or out of range: `numRuns` of a hyperopt or tpe search, "
        "`params` of an iterative one, a `minIterations` above `maxIterations`.",
        "matrix: {kind: hyperopt, metric: {name: loss, optimization: minimize}, params: {…}}   # how many runs?",
    ),
    CompileCode.CRON: Code(
        "The cron expression cannot be read",
        "Five fields: minute, hour, day of the month, month, day of the week; or `@hourly`, `@daily`, "
        "`@weekly`, `@monthly`, `@quarterly`, `@yearly`.",
        'cron: "99 99 * * foo"',
    ),
    CompileCode.SCHEDULE: Code(
        "The schedule would never run",
        "It ends before it starts.",
        "{startAt: 2030-01-02, endAt: 2030-01-01, …}",
    ),
    CompileCode.PLUGINS: Code(
        "A plugin does not fit the runtime",
        "`sandbox` and `ssh` are for services.",
        "plugins: {sandbox: true}\nrun: {kind: job, …}",
    ),
    CompileCode.NO_CONTAINER: Code(
        "There is no container",
        "A job without a container, or a distributed run without a role that leads it, has nothing to start.",
        "run: {kind: job}",
    ),
    CompileCode.NO_IMAGE: Code(
        "The container names no image",
        "A warning: processes of this machine need none, every other runtime does.",
        "container: {command: [echo]}",
    ),
    CompileCode.ONE_TEXT: Code(
        "The command is one text",
        "A warning: no shell takes it apart, so all of it is the name of the program. Write a list, or use `cmd`.",
        "container: {command: python train.py}",
    ),
    CompileCode.EVENT: Code(
        "The event never happens",
        "`run_status_…` events of other operations of its dag (`ops.NAME`), or of any run (`runs.UUID`), start an "
        "operation. Events of the other kinds are sent by nobody here: naming one makes an ordinary dependency, and a "
        "warning.",
        "events: [{ref: ops.a, kinds: [alert_info]}]",
    ),
    CompileCode.TEMPLATE_FILE: Code(
        "The file wants to be filled in",
        "A warning: `template.enabled` marks a file that is not run as it is.",
        "template: {enabled: true}",
    ),
    CompileCode.DUPLICATE_VOLUME: Code(
        "Two volumes have the same name",
        "Containers mount volumes by name.",
        "volumes: [{name: data, …}, {name: data, …}]",
    ),
    CompileCode.RENDERED: Code(
        "A template gave a value of the wrong type",
        "The field takes a number, a list or true and false, and that is what its template must give.",
        'replicas: "{{ name }}"',
    ),
    CompileCode.JOIN: Code(
        "A join cannot be asked",
        "`limit` and `offset` are numbers, or templates that give numbers.",
        'limit: "{{ name }}"',
    ),
    CompileCode.NO_ROOM: Code(
        "Services leave no room for the work beside them",
        "A warning: a service runs until the operations beside it have ended, and takes one of the places that the "
        "`concurrency` of its dag gives. When services take them all, the operations wait for ever.",
        "run: {kind: dag, concurrency: 1, operations: [{name: board, …}, {name: train, …}]}   # `board` is a service",
    ),
}

_FAMILIES = (
    ("PX0", "Reading the text"),
    ("PX1", "The structure of one file"),
    ("PX20", "Putting files together"),
    ("PX21", "The graph of a dag"),
    ("PX22", "Params, inputs and outputs"),
    ("PX23", "Templates and conditions"),
    ("PX24", "Searches"),
    ("PX25", "Schedules"),
    ("PX26", "What is run"),
    ("PX27", "What only shows when a run is compiled"),
    ("PX28", "What a dag has room for"),
)

_OPENING = """# Problems and their codes

What `polyaxon check` and `polyaxon run` find wrong with a polyaxonfile has a code that never changes its meaning.
This page explains each; it is generated from the tables that the checker uses. How to check files is in
[the guide](../guide/checking.md).
"""


def errors_page() -> str:
    """Return `docs/reference/errors.md`: every code of reading, composing, checking and compiling."""
    known = {**SPEC_CODES, **CODES}
    parts = [_OPENING]
    for prefix, title in _FAMILIES:
        parts.append(f"## {title}\n")
        for name in sorted(map(str, known)):
            if name.startswith(prefix):
                code = known[name]
                parts.append(f"### {name}: {code.title}\n\n{code.explanation}\n\n```text\n{code.example}\n```\n")
    return "\n".join(parts)
