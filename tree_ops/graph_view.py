"""A tree as networkx graphs: which module holds which, and which is called after which. Two graphs, kept apart.

A tree is plain data; these are derived from it, for drawing and for analyses that networkx already has.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import networkx as nx

from archgraft.tree_ops.tree import Node, Tree


def containment(tree: Tree) -> nx.DiGraph:
    """Edges from each module to those in its slots, with the slot's name and place; an instance in two slots has two.

    Nodes are nids, with their path, class, shapes and costs.
    """
    graph = _nodes(tree, tree.nodes)
    homes = {node.path: node.nid for node in tree}
    for node in tree:
        slots = node.slots or [(tree.nodes[nid].path.rpartition(".")[2], tree.nodes[nid].path) for nid in node.children]
        for place, (slot, path) in enumerate(slots):
            graph.add_edge(node.nid, homes[path], slot=slot, place=place)
    return graph


def call_order(tree: Tree) -> nx.DiGraph:
    """Edges from each module that is called to the sibling that is called next, by first calls.

    Modules that one pass doesn't call are not in it. `within` names the module that holds both.
    """
    graph = _nodes(tree, {node.nid: node for node in tree if node.call_order is not None})
    for parent in tree:
        called = [tree.nodes[nid] for nid in parent.children if tree.nodes[nid].call_order is not None]
        called.sort(key=lambda node: node.call_order or 0)
        for before, after in pairwise(called):
            graph.add_edge(before.nid, after.nid, within=parent.path)
    return graph


def write_graphml(tree: Tree, path: Path) -> list[Path]:
    """Write both graphs beside each other, for `net.graphml` as `net-containment.graphml` and `net-calls.graphml`."""
    written = []
    for name, graph in (("containment", containment(tree)), ("calls", call_order(tree))):
        target = path.with_name(f"{path.stem}-{name}.graphml")
        nx.write_graphml_xml(graph, target)
        written.append(target)
    return written


def _nodes(tree: Tree, nodes: Mapping[str, Node]) -> nx.DiGraph:
    graph: nx.DiGraph = nx.DiGraph(n_parameters=tree.n_parameters, flops=tree.flops)
    for nid, node in nodes.items():
        graph.add_node(
            nid,
            path=node.path,
            class_name=node.class_name,
            definition=node.definition,
            input_shape=_shape(node.input_shapes),
            output_shape=_shape(node.output_shapes),
            n_parameters=node.n_parameters,
            flops=node.flops // tree.batch,
            call_order=-1 if node.call_order is None else node.call_order,
        )
    return graph


def _shape(shapes: tuple[tuple[int, ...], ...]) -> str:
    """Of one sample, as GraphML can hold it: `8x16x16`."""
    return "x".join(map(str, shapes[0][1:])) if shapes else ""
