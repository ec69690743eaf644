"""The tables of a run. Columns are for queries; whole dataclasses are kept as JSON beside them."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint

SCHEMA_VERSION = 3

metadata = MetaData()

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("created", String, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("planner", String, nullable=False),
    Column("chooser", String, nullable=False),
    Column("library_path", Text, nullable=False),
    Column("library_digest", String, nullable=False),
    Column("info", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", String, nullable=False),
    Column("wall_seconds", Float, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    Column("attempt", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("genes", Text, nullable=False),
    Column("answer", Text),
    Column("chooser", String),
    Column("n_tokens", Integer, nullable=False, default=0),
    Column("usd", Float, nullable=False, default=0.0),
)

candidates = Table(
    "candidates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", Integer, ForeignKey("candidates.id")),
    Column("operator", String),
    Column("edit", Text),
    Column("tree_hash", String, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("construct", Text, nullable=False),
    Column("tree", Text, nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("candidate_id", Integer, nullable=False),
    Column("role", String, nullable=False),
    Column("split", String, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("score", Float),
    Column("metrics", Text),
    Column("wall_seconds", Float, nullable=False),
    Column("tier", String, nullable=False),
    Column("n_seeds", Integer, nullable=False),
    Column("rescues", Text, nullable=False),
    Column("stages", Text, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("inherited_epochs", Integer, nullable=False),
    UniqueConstraint("candidate_id", "role", "split", "seed", "rung", name="one_result_each"),
)

# An attempt is finished exactly when it has a row here.
attempts = Table(
    "attempts",
    metadata,
    Column("attempt", Integer, primary_key=True),
    Column("parent_id", Integer),
    Column("operator", String),
    Column("depth_band", Integer, nullable=False),
    Column("family", String, nullable=False),
    Column("result_id", Integer, ForeignKey("results.id"), nullable=False, unique=True),
    Column("oriented_score", Float),
    Column("gain", Float),
    Column("improved", Boolean, nullable=False),
    Column("descriptor", Text),
    Column("n_parameters", Integer),
    Column("proxy_scores", Text, nullable=False),
    Column("rung_scores", Text, nullable=False),
    Column("weights_bytes", Integer, nullable=False),
    Column("elapsed_seconds", Float, nullable=False),
)

# What became of an attempt on a higher rung; the last row of a candidate stands for it.
promotions = Table(
    "promotions",
    metadata,
    Column("candidate_id", Integer, ForeignKey("attempts.attempt"), primary_key=True),
    Column("rung", Integer, primary_key=True),
    Column("by_chance", Boolean, nullable=False),
    Column("result_id", Integer, ForeignKey("results.id"), nullable=False, unique=True),
    Column("oriented_score", Float),
    Column("gain", Float),
    Column("improved", Boolean, nullable=False),
    Column("rung_scores", Text, nullable=False),
    Column("weights_bytes", Integer, nullable=False),
    Column("elapsed_seconds", Float, nullable=False),
)

# How fast the candidates of the last comparison are beside the rootstock, the rootstock itself included.
latencies = Table(
    "latencies",
    metadata,
    Column("candidate_id", Integer, primary_key=True),
    Column("comparisons", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# Finalists that may not be returned, whatever their scores.
exclusions = Table(
    "exclusions",
    metadata,
    Column("candidate_id", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
)

spend = Table(
    "spend",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt", Integer, unique=True),
    Column("wall_seconds", Float, nullable=False),
    Column("cpu_seconds", Float, nullable=False),
    Column("gpu_seconds", Float, nullable=False),
    Column("usd", Float, nullable=False),
    Column("n_tokens", Integer, nullable=False),
)

# The one list of evaluations that may see the sealed test split (law 9).
test_plan = Table(
    "test_plan",
    metadata,
    Column("role", String, primary_key=True),
    Column("candidate_id", Integer, primary_key=True),
    Column("seed", Integer, primary_key=True),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
)
