"""Jinja, fenced in: the templates that `template` does not read itself.

Nothing rendered here can reach Python's internals, wait, draw randomness, or grow without bound: loops, texts and
containers pay from one budget per rendering (`_Budget`), and what cannot be bounded (macros, includes, recursion)
is refused. There is no clock: the budget bounds the work, and so the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, timedelta
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from polyaxon.compiler.template import Context, Evaluate, Template, TemplateError, undefined

__all__ = ["attribute", "parse", "shape_of"]

WORK = 4_000_000
"""What one rendering may spend: a character made, or 16 for a step of a loop or an item of a container."""
STEP = 16
MAX_NUMBER = 10_000
"""The largest number a text function takes (widths, counts)."""
MAX_BITS = 4_096
"""The largest integer that arithmetic may make."""
MAX_DEPTH = 50

_REFUSED = {
    nodes.Macro: "macros",
    nodes.CallBlock: "`call` blocks",
    nodes.Include: "`include`",
    nodes.Import: "`import`",
    nodes.FromImport: "`from … import`",
    nodes.Extends: "`extends`",
    nodes.Block: "`block`",
}
_BIG_WIDTH = re.compile(r"\d{5,}|%[^a-zA-Z%]*\*|:[^{}]*\{")


class _Limit(TemplateRuntimeError):
    """The budget is spent."""


class _Budget:
    """What is left to spend in one rendering."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = WORK

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise _Limit("the template does too much work (a huge loop, text or list)")


_budget: ContextVar[_Budget] = ContextVar("_budget")


def _spend(amount: int) -> None:
    _budget.get().spend(amount)


def _measured(value: Any, depth: int = 0) -> Any:
    """Pay for a value that a template made, parts included; lists that share their items pay for each sight of them."""
    if isinstance(value, (str, bytes)):
        _spend(len(value))
    elif isinstance(value, (Mapping, list, tuple, set, frozenset)):
        if depth > MAX_DEPTH:
            raise _Limit("the template makes a value that is nested too deeply")
        for item in value.items() if isinstance(value, Mapping) else value:
            _spend(STEP)
            _measured(item, depth + 1)
    elif isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise _Limit("the template makes a number that is too large")
    return value


def _bounded(items: Iterable[Any]) -> Iterator[Any]:
    """Yield `items`, a step of the budget each."""
    spend = _budget.get().spend
    for item in items:
        spend(STEP)
        yield item


def _looped(items: Any) -> Any:
    return items if isinstance(items, Undefined) else _bounded(items)


def _concatenated(*values: Any) -> str:
    texts = [_text(value) for value in values]
    _spend(sum(map(len, texts)))
    return "".join(texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(_measured(value))


def _check_arguments(function: str, subject: Any, arguments: tuple[Any, ...]) -> None:
    """Refuse, before the work is done, what makes much of little."""
    for value in arguments:
        if isinstance(value, int) and abs(value) > MAX_NUMBER and function not in _NUMERIC:
            raise _Limit(f"`{function}` with {value:,} makes too much")
    if function in {"format", "format_map", "__mod__"} and isinstance(subject, str) and _BIG_WIDTH.search(subject):
        raise _Limit("the template formats with a width that is too large")
    _spend(_estimate(function, subject, arguments))


_NUMERIC = frozenset(
    {"safe_range", "default", "d", "abs", "round", "int", "float", "map", "select", "reject", "sum", "min", "max"}
)
"""Functions whose numbers are values, not sizes."""


def _estimate(function: str, subject: Any, arguments: tuple[Any, ...]) -> int:
    """How much the result could hold at most, for the functions that multiply what they are given."""
    text = next((item for item in arguments if isinstance(item, str)), "")
    if function == "join" and isinstance(subject, str):
        items = next((item for item in arguments if isinstance(item, (list, tuple))), ())
        return sum(len(item) + len(subject) for item in items if isinstance(item, str))
    if function == "join" and isinstance(subject, (list, tuple)):
        return sum(len(item) if isinstance(item, str) else STEP for item in subject) + len(subject) * len(text)
    if function == "replace" and isinstance(subject, str):
        longest = max((len(item) for item in arguments if isinstance(item, str)), default=0)
        old = arguments[0] if arguments and isinstance(arguments[0], str) else ""
        return len(subject) + subject.count(old) * longest
    if function == "indent" and isinstance(subject, str):
        width = max((item for item in arguments if isinstance(item, int)), default=4)
        return len(subject) + (subject.count("\n") + 1) * max(len(text), width)
    if function == "translate":
        return WORK
    return 0


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox with keys before attributes and a price on everything that makes something."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        # Not optimized: constants would be folded while compiling, before anything is paid for.
        super().__init__(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, optimized=False)
        del self.globals["lipsum"]
        for name in ("random", "urlize"):  # the one is not repeatable, the other not linear
            del self.filters[name]
        self.filters = {name: _priced(name, function) for name, function in self.filters.items()}
        self.filters["map_format"] = _map_format
        self.globals["_looped"] = _looped
        self.globals["_concatenated"] = _concatenated
        self.globals["_measured"] = _measured

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read `obj.attribute`: the key of a mapping first, so that a param may be called `items`."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method of a value: its arguments and result are paid for."""
        name = getattr(__obj, "__name__", "")
        # The sandbox wraps `str.format`; the text is then found on what it wraps.
        subject = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        _check_arguments(name, subject, (*args, *kwargs.values()))
        result = super().call(__context, __obj, *args, **kwargs)
        return result if isinstance(result, Undefined) else _measured(result)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Do arithmetic, unless the result would be out of bounds."""
        if operator == "*":
            _check_product(left, right)
        elif operator == "**":
            _check_power(left, right)
        elif operator == "%" and isinstance(left, str):
            _check_arguments("__mod__", left, ())
            _measured(right)
        return _measured(super().call_binop(context, operator, left, right))


def _check_product(left: Any, right: Any) -> None:
    for sequence, count in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(count, int):
            _spend(len(sequence) * max(count, 0))


def _check_power(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MAX_BITS:
        raise _Limit("the template makes a number that is too large")


def _priced(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that pays for what it makes. Jinja's marks (`pass_environment`…) are kept."""
    passes = getattr(function, "jinja_pass_arg", None) is not None

    def priced(*args: Any, **kwargs: Any) -> Any:
        subject, *rest = args[1:] if passes else args
        if isinstance(subject, (list, tuple, Mapping)) and name in {"string", "tojson", "pprint", "e", "escape"}:
            _measured(subject)
        _check_arguments(name, subject, (*rest, *kwargs.values()))
        result = function(*args, **kwargs)
        if isinstance(result, Undefined):
            return result
        return _bounded(result) if isinstance(result, Iterator) else _measured(result)

    priced.__dict__.update(getattr(function, "__dict__", {}))
    return priced


def _map_format(values: Iterable[Any], pattern: str, name: str | None = None) -> list[str]:
    """Map a list through a format pattern: `[1, 2] | map_format("--n={0}")`, or by name: `("--n={n}", "n")`."""
    if _BIG_WIDTH.search(pattern) or re.search(r"[.\[]|__", "".join(re.findall(r"\{([^}]*)\}", pattern))):
        raise SecurityError("the format pattern is refused")
    made = [pattern.format(**{name: value}) if name else pattern.format(value) for value in _bounded(values)]
    _measured(made)
    return made


_environment = _Environment()


def parse(text: str) -> Template:
    """Read any template; raises `TemplateError` when its syntax is wrong or it uses what is refused."""
    tree = _tree(text)
    required, optional = _names(tree, text)
    paths = frozenset(path for path in _paths(tree) if path[0] in required)
    return Template(text, _later(tree, text), required, optional, paths)


def _later(tree: nodes.Template, text: str) -> Evaluate:
    """Compile at the first use: a checker only needs the names, and compiling costs ten times the reading."""
    compiled: list[Evaluate] = []

    def evaluate(context: Context) -> Any:
        if not compiled:
            compiled.append(_compiled(tree, text))
        return compiled[0](context)

    return evaluate


def attribute(text: str, value: Any, key: str) -> Any:
    """Read an attribute or key of a value the way templates do."""
    found = _environment.getattr(value, key)
    if isinstance(found, Undefined):
        raise undefined(text, key)
    return found


def _tree(text: str) -> nodes.Template:
    try:
        tree = _environment.parse(text)
        for node in tree.find_all(tuple(_REFUSED)):
            raise TemplateError(
                f"{_REFUSED[type(node)]} are not allowed in a polyaxonfile's templates", text, "refused"
            )
        for reader in tree.find_all(nodes.Getattr):
            if reader.attr.startswith("__"):
                raise TemplateError(f"`{reader.attr}` is not for templates", text, "refused", reader.attr)
        for loop in tree.find_all(nodes.For):
            if loop.recursive:
                raise TemplateError("recursive loops are not allowed in templates", text, "refused")
    except TemplateSyntaxError as error:
        raise TemplateError(_plain(error.message or "the template cannot be read"), text, "syntax") from None
    except (RecursionError, MemoryError):
        raise TemplateError("the template is nested too deeply", text, "limit") from None
    return tree


def _plain(message: str) -> str:
    """Say Jinja's message in the file's words: its backticks for quotes, its braces for tokens."""
    message = message.replace("'", "`").replace("end of print statement", "}}").replace("end of statement block", "%}")
    return message.rstrip(".")


def _names(tree: nodes.Template, text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the variables that must exist and those the template asks about first."""
    names = _undeclared(tree, text) - {"range", "dict", "cycler", "joiner", "namespace"}
    asked: set[str] = set()
    for node in tree.find_all((nodes.Test, nodes.Filter)):
        if node.name in {"defined", "undefined", "default", "d"}:
            asked.update(found.name for found in _subject_names(node.node))
    return frozenset(names - asked), frozenset(names & asked)


def _undeclared(tree: nodes.Template, text: str) -> set[str]:
    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output):
        for node in tree.find_all((nodes.Filter, nodes.Test)):
            known = _environment.filters if isinstance(node, nodes.Filter) else _environment.tests
            if node.name not in known:
                kind = "filter" if isinstance(node, nodes.Filter) else "test"
                raise TemplateError(f"there is no {kind} called `{node.name}`", text, "syntax", node.name)
        return {node.name for node in tree.find_all(nodes.Name)}
    try:
        return meta.find_undeclared_variables(tree)
    except TemplateSyntaxError as error:
        raise TemplateError(_plain(error.message or "the template cannot be read"), text, "syntax") from None


def _subject_names(node: nodes.Node | None) -> list[nodes.Name]:
    if node is None:
        return []
    return [node] if isinstance(node, nodes.Name) else list(node.find_all(nodes.Name))


def _paths(tree: nodes.Template) -> Iterator[tuple[str, ...]]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        parts: list[str] = []
        current: nodes.Node = node
        while isinstance(current, (nodes.Getattr, nodes.Getitem)):
            key = current.attr if isinstance(current, nodes.Getattr) else _constant(current.arg)
            if key is None:
                break
            parts.append(key)
            current = current.node
        if isinstance(current, nodes.Name):
            yield (current.name, *reversed(parts))


def _constant(node: nodes.Node) -> str | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None


def _lone_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression if the template is one expression with nothing but blanks around it."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    parts = [
        part for part in tree.body[0].nodes if not (isinstance(part, nodes.TemplateData) and not part.data.strip())
    ]
    return parts[0] if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData) else None


_RESULT = "_result_of_the_expression"


def _compiled(tree: nodes.Template, text: str) -> Evaluate:
    """Compile the tree, with a price put on its loops, literals and joins."""
    alone = _lone_expression(tree)
    if alone is not None:
        tree.body = [nodes.Assign(nodes.Name(_RESULT, "store"), alone, lineno=1)]
    try:
        _price(tree)
        code = _environment.compile(tree)
        template = _environment.template_class.from_code(_environment, code, _environment.make_globals(None))
    except (RecursionError, MemoryError):
        raise TemplateError("the template is nested too deeply", text, "limit") from None
    except (TemplateSyntaxError, SyntaxError) as error:
        raise TemplateError(_plain(str(error)), text, "syntax") from None

    def run(context: Context) -> Any:
        scope = template.new_context(dict(context))
        pieces = []
        for piece in template.root_render_func(scope):
            _spend(len(piece))
            pieces.append(piece)
        return "".join(pieces) if alone is None else _plain_value(scope.vars[_RESULT])

    return _guarded(run, text)


def _plain_value(value: Any) -> Any:
    """Return a lone expression's value, which must be data: no class, function or half-run loop leaves the fence."""
    if isinstance(value, (Iterator, range)):
        value = list(_bounded(value))
    _check_data(value)
    return value


def _check_data(value: Any, depth: int = 0) -> None:
    if isinstance(value, Undefined):
        str(value)  # strict: raises the reason why it is undefined
    if not isinstance(value, _DATA) or depth > MAX_DEPTH:
        raise SecurityError("the expression does not give a value")
    if isinstance(value, (list, tuple, set, frozenset, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            _check_data(item, depth + 1)


_DATA = (str, bytes, int, float, type(None), Mapping, list, tuple, set, frozenset, date, timedelta)


def _price(node: nodes.Node) -> None:
    """Rewrite the tree so that loops, containers and joined texts pay; bottom up, in place."""
    for name, value in list(node.iter_fields()):
        if isinstance(value, nodes.Node):
            _price(value)
            setattr(node, name, _priced_node(node, name, value))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, nodes.Node):
                    _price(item)
                    value[index] = _priced_node(node, name, item)


def _priced_node(parent: nodes.Node, name: str, node: nodes.Node) -> nodes.Node:
    if isinstance(parent, nodes.For) and name == "iter":
        return _function("_looped", [node])
    if isinstance(node, nodes.Concat):
        return _function("_concatenated", node.nodes)
    if isinstance(node, (nodes.List, nodes.Dict)) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
        return (
            node
            if isinstance(parent, (nodes.Operand, nodes.Compare)) and not _holds_names(node)
            else _function("_measured", [node])
        )
    if isinstance(parent, nodes.Output) and not isinstance(node, nodes.TemplateData):
        return _function("_concatenated", [node])
    return node


def _holds_names(node: nodes.Node) -> bool:
    return next(node.find_all(nodes.Name), None) is not None


def _function(name: str, arguments: list[Any]) -> nodes.Call:
    return nodes.Call(nodes.Name(name, "load"), arguments, [], None, None, lineno=1)


def _guarded(run: Evaluate, text: str) -> Evaluate:
    """Return `run` with a budget of its own and with every failure said in our words."""

    def evaluate(context: Context) -> Any:
        token = _budget.set(_Budget())
        try:
            return run(context)
        except _Limit as error:
            raise TemplateError(str(error), text, "limit") from None
        except SecurityError as error:
            raise TemplateError(_plain(str(error)), text, "refused") from None
        except UndefinedError as error:
            raise TemplateError(_plain(str(error)), text, "undefined", _undefined_name(str(error))) from None
        except (RecursionError, MemoryError):
            raise TemplateError("the template is nested too deeply", text, "limit") from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, TemplateRuntimeError) as error:
            raise TemplateError(_plain(str(error)) or "the template fails", text) from None
        finally:
            _budget.reset(token)

    return evaluate


def _undefined_name(message: str) -> str | None:
    found = re.match(r"'([^']+)' is undefined", message)
    return found.group(1) if found else None


def shape_of(text: str) -> str | None:
    """Return what kind of value a template gives, as far as its form tells."""
    tree = _tree(text)
    alone = _lone_expression(tree)
    if alone is None:
        return "a text" if _has_words(tree) else None
    if isinstance(alone, nodes.Name):
        return "name"
    for kinds, words in _SHAPES:
        if isinstance(alone, kinds):
            return words
    return None


def _has_words(tree: nodes.Template) -> bool:
    """Whether text of more than a boolean's letters stands around the expressions."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return False
    texts = (node.data.strip().lower() for node in tree.body[0].nodes if isinstance(node, nodes.TemplateData))
    return not all(
        any(text in word for word in ("true", "yes", "false", "no", "off", "on", "1", "0")) for text in texts
    )


_SHAPES: tuple[tuple[tuple[type[nodes.Node], ...], str], ...] = (
    ((nodes.Compare, nodes.Not, nodes.Test), "boolean"),
    ((nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg), "a calculation"),
    ((nodes.Concat,), "a text put together"),
    ((nodes.List, nodes.Tuple, nodes.Dict), "a list or mapping"),
)
