"""A canonical hash of a tree: equal for equal structure, whatever the slots, variables and files are called.

Two trees are equal here when their models hold the same classes (by the syntax of their definitions and of all that
these use, docstrings and names of definitions aside) with the same constructor arguments, in the same slots' order, and
the tensors have the same shapes. Slot names don't count; the order of slots does.
"""

import ast
import copy
import hashlib
from collections.abc import Mapping

from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.tree import Node, Tree


def tree_hash(tree: Tree) -> str:
    """32 hexadecimal digits."""
    digests = definition_digests(tree.source)
    return _node_digest(tree, tree.nodes[tree.root], digests)


def definition_digests(source: str) -> dict[str, str]:
    """Digest of each top-level definition; another definition that it uses counts by its digest, not by its name."""
    found = {item.name: item for item in parse(source).body if isinstance(item, ast.ClassDef | ast.FunctionDef)}
    digests: dict[str, str] = {}
    for name in found:
        _digest_definition(name, found, digests)
    return digests


def _digest_definition(name: str, found: Mapping[str, ast.ClassDef | ast.FunctionDef], digests: dict[str, str]) -> str:
    if name not in digests:
        digests[name] = name  # stands in for itself where definitions use each other in a circle
        bare = _Bare(name, frozenset(found))
        definition = bare.visit(copy.deepcopy(found[name]))
        used = [_digest_definition(other, found, digests) for other in bare.used]
        digests[name] = _digest(ast.dump(definition) + repr(used))
    return digests[name]


class _Bare(ast.NodeTransformer):
    """Strips what changes nothing that runs: the definition's own name, names of others, docstrings, annotations."""

    def __init__(self, own_name: str, definitions: frozenset[str]) -> None:
        self._own_name = own_name
        self._definitions = definitions
        self.used: list[str] = []
        """Other definitions in the order of first use; the syntax refers to them by position."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._bare(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._bare(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self._definitions:
            node.id = self._position(node.id)
        return node

    def _position(self, name: str) -> str:
        if name == self._own_name:
            return "<self>"
        if name not in self.used:
            self.used.append(name)
        return f"<{self.used.index(name)}>"

    def _bare(self, node: ast.ClassDef | ast.FunctionDef) -> ast.AST:
        if node.name == self._own_name:
            node.name = "<self>"
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def _node_digest(tree: Tree, node: Node, classes: Mapping[str, str]) -> str:
    arguments = sorted((a.name, a.kind, a.text) for a in node.arguments if a.kind != "opaque")
    children = [_node_digest(tree, tree.nodes[child], classes) for child in node.children]
    what = classes.get(node.definition, node.definition)
    return _digest(repr((what, arguments, node.input_shapes, node.output_shapes, node.n_parameters, children)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
