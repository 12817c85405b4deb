"""Jinja, fenced in: the templates that `template` does not read itself.

Nothing rendered here can reach Python's internals, wait, read a clock, draw randomness, or grow without bound: whatever
is made or read is paid for from the budget of the rendering (`prices`), and what cannot be bounded (macros, includes,
recursion) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from math import inf
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import do_indent
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from polyaxon.compiler import prices
from polyaxon.compiler.allowance import charge, size_of
from polyaxon.compiler.prices import LimitError, bounded, made, paid, pay_for, spend
from polyaxon.compiler.template import Context, Evaluate, Template, TemplateError, too_much, undefined
from polyaxon.spec.types import describe

__all__ = ["attribute", "parse", "shape_of"]

MAX_TOKENS = 4_000
"""Words and signs of one template: reading and compiling it takes a tenth of a millisecond for each."""

_REFUSED = {
    nodes.Macro: "macros",
    nodes.CallBlock: "`call` blocks",
    nodes.Include: "`include`",
    nodes.Import: "`import`",
    nodes.FromImport: "`from … import`",
    nodes.Extends: "`extends`",
    nodes.Block: "`block`",
}
_TOOLS = (Namespace, Cycler, Joiner)
"""What Jinja's own functions make to be used by name; they are no values."""


def _looped(items: Any) -> Any:
    return items if isinstance(items, Undefined) else bounded(items)


def _concatenated(*values: Any) -> str:
    texts = [_text(value) for value in values]
    spend(sum(map(len, texts)))
    return "".join(texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(paid(value))


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox with keys before attributes and a price on everything that makes or reads something."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    # What `_price` writes into templates; as attributes no name in a template can hide them.
    looped = staticmethod(_looped)
    concatenated = staticmethod(_concatenated)
    paid = staticmethod(paid)

    def __init__(self) -> None:
        # Not optimized: constants would be folded while compiling, before anything is paid for.
        super().__init__(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, optimized=False)
        del self.globals["lipsum"]
        for name in ("random", "urlize"):  # the one is not repeatable, the other not linear
            del self.filters[name]
        self.filters["map_format"] = _map_format
        self.filters["indent"] = _indent
        self.filters = {name: _priced(name, function) for name, function in self.filters.items()}
        for name in prices.READING_TESTS:
            test: Any = self.tests[name]  # Jinja types it as anything that is callable
            self.tests[name] = _priced_test(test)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read `obj.attribute`: the key of a mapping first, so that a param may be called `items`."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method of a value: its arguments and result are paid for."""
        if __obj in (_looped, _concatenated, paid):
            return __obj(*args)
        name = getattr(__obj, "__name__", type(__obj).__name__)
        if name in prices.REFUSED_METHODS:
            raise SecurityError(f"`{name}` is not allowed in templates: it {prices.REFUSED_METHODS[name]}")
        # The sandbox wraps `str.format`; the text is then found on what it wraps.
        subject = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        pay_for(name, subject, (*args, *kwargs.values()))
        result = super().call(__context, __obj, *args, **kwargs)
        return result if isinstance(result, _TOOLS) else made(result)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Do arithmetic, unless the result would be out of bounds."""
        if operator == "*":
            prices.check_product(left, right)
        elif operator == "**":
            prices.check_power(left, right)
        elif operator == "%" and isinstance(left, str):
            pay_for("__mod__", left, (right,))
        return made(super().call_binop(context, operator, left, right))


def _priced(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that pays for what it reads and makes. Jinja's marks (`pass_environment`…) are kept."""
    passes = getattr(function, "jinja_pass_arg", None) is not None

    def priced(*args: Any, **kwargs: Any) -> Any:
        subject, *rest = args[1:] if passes else args
        pay_for(name, subject, (*rest, *kwargs.values()))
        return made(function(*args, **kwargs))

    priced.__dict__.update(getattr(function, "__dict__", {}))
    return priced


def _priced_test(function: Callable[..., Any]) -> Callable[..., Any]:
    def priced(*args: Any) -> Any:
        return function(*map(paid, args))

    return priced


def _indent(text: str, *args: Any, **kwargs: Any) -> str:
    """Jinja's own, for texts only: it would add a line to the list that it is given, which is the input itself."""
    if not isinstance(text, str):
        raise TypeError(f"`indent` takes a text, not {describe(text)}")
    return str(do_indent(text, *args, **kwargs))


def _map_format(values: Any, pattern: str, name: str | None = None) -> list[str]:
    """Map a list through a format pattern: `[1, 2] | map_format("--n={0}")`, or by name: `("--n={n}", "n")`."""
    return [pattern.format(**{name: value}) if name else pattern.format(value) for value in values]


_environment = _Environment()


def parse(text: str) -> Template:
    """Read any template; raises `TemplateError` when its syntax is wrong or it uses what is refused."""
    tree = _tree(text)
    required, optional = _names(tree, text)
    paths = frozenset(path for path in _paths(tree) if path[0] in required)
    return Template(text, _later(text), required, optional, paths)


def _later(text: str) -> Evaluate:
    """Compile at the first use: a checker only needs the names, and compiling costs ten times the reading.

    The tree is read again then: kept, it would take three hundred times the memory of the text.
    """
    compiled: list[Evaluate] = []

    def evaluate(context: Context) -> Any:
        if not compiled:
            compiled.append(_compiled(_tree(text), text))
        return compiled[0](context)

    return evaluate


def attribute(text: str, value: Any, key: str) -> Any:
    """Read an attribute or key of a value the way templates do."""
    found = _environment.getattr(value, key)
    if isinstance(found, Undefined):
        raise undefined(text, key)
    try:
        return _checked(found)
    except SecurityError as error:
        raise TemplateError(str(error), text, "refused") from None


def _tree(text: str) -> nodes.Template:
    try:
        tokens = _environment.lexer.tokeniter(text, None)
        if next(islice((token for token in tokens if token[1] != "whitespace"), MAX_TOKENS, None), None) is not None:
            raise TemplateError(f"the template has more than {MAX_TOKENS:,} words and signs", text, "limit")
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
    except ValueError:  # a number of more digits than Python reads
        raise TemplateError(_HUGE_NUMBER, text, "limit") from None
    if not all(map(_is_finite, tree.find_all(nodes.Const))):
        raise TemplateError(_HUGE_NUMBER, text, "limit")
    return tree


_HUGE_NUMBER = "the template holds a number that is too large"


def _is_finite(constant: nodes.Const) -> bool:
    value = constant.value
    return value.bit_length() <= prices.MAX_BITS if isinstance(value, int) else value not in (inf, -inf)


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
        _price_blocks(tree)
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
            spend(len(piece))
            pieces.append(piece)
        return "".join(pieces) if alone is None else _checked(scope.vars[_RESULT])

    return _guarded(run, text)


def _checked(value: Any, depth: int = 0) -> Any:
    """Return a lone expression's value, which must be data: no class or function leaves the fence."""
    if isinstance(value, Undefined):
        str(value)  # strict: raises the reason why it is undefined
    if not isinstance(value, prices.DATA) or depth > prices.MAX_DEPTH:
        raise SecurityError("the expression does not give a value")
    if isinstance(value, (list, tuple, set, frozenset, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            _checked(item, depth + 1)
    return value


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
        return _function("looped", [node])
    if isinstance(node, nodes.Concat):
        return _function("concatenated", node.nodes)
    if isinstance(parent, nodes.Output):
        return node if isinstance(node, nodes.TemplateData) else _function("concatenated", [node])
    if _reads(parent, name) or (isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice)):
        return node if isinstance(node, nodes.Const | nodes.Slice) or _is_constant(node) else _function("paid", [node])
    if isinstance(node, nodes.List | nodes.Dict) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
        return _function("paid", [node])
    return node


def _reads(parent: nodes.Node, name: str) -> bool:
    """Whether what stands there is looked through: both sides of a comparison, a key that is worked out."""
    places = {nodes.Compare: "expr", nodes.Operand: "expr", nodes.Getitem: "arg"}
    return places.get(type(parent)) == name


def _is_constant(node: nodes.Node) -> bool:
    return isinstance(node, nodes.List | nodes.Tuple) and next(node.find_all(nodes.Name), None) is None


def _price_blocks(tree: nodes.Template) -> None:
    """Let the plain text in `set` and `filter` blocks pay where it stands: it is kept, not given away in pieces."""
    for block in tree.find_all((nodes.AssignBlock, nodes.FilterBlock)):
        for output in block.find_all(nodes.Output):
            output.nodes = [
                nodes.Const(part.data) if isinstance(part, nodes.TemplateData) else part for part in output.nodes
            ]


def _function(name: str, arguments: list[Any]) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name), arguments, [], None, None, lineno=1)


def _guarded(run: Evaluate, text: str) -> Evaluate:
    """Return `run` with a budget of its own and with every failure said in our words."""

    def evaluate(context: Context) -> Any:
        purse = prices.Budget()
        token = prices.budget.set(purse)
        try:
            value = run(context)
            if not charge(prices.WORK - purse.left + size_of(value)):
                raise too_much(text)
            return value
        except LimitError as error:
            raise TemplateError(str(error), text, "limit") from None
        except SecurityError as error:
            raise TemplateError(_plain(str(error)), text, "refused") from None
        except UndefinedError as error:
            raise TemplateError(_plain(str(error)), text, "undefined", _undefined_name(str(error))) from None
        except (RecursionError, MemoryError):
            raise TemplateError("the template is nested too deeply", text, "limit") from None
        except _FAILURES as error:
            raise TemplateError(_plain(str(error)) or "the template fails", text) from None
        finally:
            prices.budget.reset(token)

    return evaluate


_FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RuntimeError, TemplateRuntimeError)
"""What values can do wrong in an expression."""


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
