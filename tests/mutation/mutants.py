"""Small mistakes that somebody might make in a program: one changed node of its syntax each."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
}
_LEFT_ALONE = ("annotation", "returns", "decorator_list", "type_params", "defaults", "kw_defaults")
"""What is worked out when a function is defined, or never: it is no part of its code."""
_EFFECTS = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise)
"""Statements that somebody may forget."""


@dataclass(frozen=True)
class Mutant:
    """What is changed at *line* of *path*, in the function *name* that begins at *begins*."""

    path: Path
    name: str
    begins: int
    line: int
    was: str
    now: str
    number: int

    def __str__(self) -> str:
        """Return it as one line of a report."""
        return f"{self.path}:{self.line}: {self.was} -> {self.now}"


def mutants_of(path: Path) -> list[Mutant]:
    """Return every mutant of the functions and methods in the file *path*."""
    return [mutant for mutant, _ in _changes(path)]


def module_with(mutant: Mutant) -> ast.Module:
    """Return the syntax of the whole file in which *mutant* is."""
    return next(tree for other, tree in _changes(mutant.path) if other == mutant)


def _changes(path: Path) -> Iterator[tuple[Mutant, ast.Module]]:
    """Yield each mutant, and the tree as it is until the next one is asked for."""
    tree = ast.parse(path.read_text())
    number = 0
    for name, function in _functions(tree, ""):
        for parent, field, at, node in _places(function):
            for other in _instead_of(node):
                was, now = ast.unparse(node), ast.unparse(other)
                if was == now:
                    continue
                _put(parent, field, at, ast.fix_missing_locations(ast.copy_location(other, node)))
                texts = _short(was), _short(now)
                yield Mutant(path, name, function.lineno, node.lineno, *texts, number), tree
                _put(parent, field, at, node)
                number += 1


def _functions(tree: ast.AST, before: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a module and the methods of its classes, with qualified names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield before + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{before}{node.name}.")


_Place = tuple[ast.AST, str, int | None, ast.expr | ast.stmt]


def _places(node: ast.AST) -> Iterator[_Place]:
    """Yield each expression and statement inside *node*, and where it hangs."""
    for field, value in ast.iter_fields(node):
        if field in _LEFT_ALONE:
            continue
        for at, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield node, field, at, child
            yield from _places(child)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


def _instead_of(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:  # noqa: C901, PLR0912 - a table
    """Yield what might stand in the place of *node*."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=others) if type(op) in _COMPARISONS:
            yield ast.Compare(left, [_COMPARISONS[type(op)]()], others)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            yield ast.BinOp(left, _ARITHMETIC[type(op)](), right)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() | bytes() as value) if value:
            yield ast.Constant(value[:-1])
        case ast.If(test=test, body=body, orelse=orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test=test, body=value, orelse=other):
            yield ast.IfExp(test, other, value)
        case ast.Return(value=ast.expr()):
            yield ast.Return(ast.Constant(None))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.stmt() if isinstance(node, _EFFECTS):
            yield ast.Pass()


def _short(text: str) -> str:
    first, *more = text.splitlines()
    return first + " ..." * bool(more)
