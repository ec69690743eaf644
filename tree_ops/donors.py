"""Subtrees that one tree gives to another: code that stands alone, and an expression that builds them."""

import ast

from archgraft.tree_ops.edits import Donor
from archgraft.tree_ops.merge import prune
from archgraft.tree_ops.rebuilding import call_of
from archgraft.tree_ops.syntax import parse, parse_expression
from archgraft.tree_ops.tree import Tree
from archgraft.tree_ops.tree_paths import below


def donor(tree: Tree, nid: str) -> Donor | None:
    """The subtree at a node; None when no call builds it, or it shares tensors."""
    node = tree.nodes[nid]
    if any(part.shared or "<locals>" in part.definition for part in tree.below(nid)):
        return None
    expression = call_of(tree, node)
    if expression is None:
        return None
    roots = names_in(expression) & defined_in(tree.source)
    return Donor(
        source=prune(tree.source, sorted(roots)) if roots else "",
        expression=expression,
        nodes=tuple((below(part.path, node.path), part.definition, part.arguments) for part in tree.below(nid)),
        extra_inputs=node.extra_inputs,
    )


def names_in(expression: str) -> frozenset[str]:
    """The variables that an expression reads."""
    return frozenset(node.id for node in ast.walk(parse_expression(expression)) if isinstance(node, ast.Name))


def defined_in(source: str) -> frozenset[str]:
    """The names of a source's top-level functions, classes and variables."""
    found: set[str] = set()
    for statement in parse(source).body:
        match statement:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                found.add(name)
            case ast.Assign() | ast.AnnAssign():
                names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
                found |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
            case _:
                pass
    return frozenset(found)
