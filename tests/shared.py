"""What applications of one process share, so that a test costs what it tests.

Each test makes an application of its own, of the same addresses, templates and statements. Most
of the time of a run would be spent compiling those again.
"""

import gc
from collections import defaultdict
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

# An application is many objects that know each other; looking through all of them after every 700
# new ones is a fifth of a run.
gc.set_threshold(50_000, 20, 50)


class TemplatesCompiledOnce(BytecodeCache):
    """A changed template is another source."""

    def __init__(self) -> None:
        self.code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key, bucket.checksum] = bucket.code


TEMPLATES = TemplatesCompiledOnce()

_compile = Rule.compile
_compiled: dict[Any, Any] = {}


def _compile_once(rule: Rule) -> None:
    """Werkzeug's compiling of an address depends on the address alone."""
    if rule.defaults:
        _compile(rule)
        return
    key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes)
    if key not in _compiled:
        _compile(rule)
        builders = [build.__func__ for build in (rule._build, rule._build_unknown)]  # type: ignore[attr-defined]
        _compiled[key] = (rule._parts, rule._trace, rule._converters, builders)
    rule._parts, rule._trace, rule._converters, builders = _compiled[key]
    rule.arguments |= set(rule._converters)
    rule._build, rule._build_unknown = (build.__get__(rule, None) for build in builders)


Rule.compile = _compile_once  # type: ignore[method-assign]

# The SQL of a statement depends on it and on the kind of dialect (the tests' dialects differ in
# nothing else), so dialects of one kind are equal and engines of one kind share a cache.
DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign]
DefaultDialect.__eq__ = lambda dialect, other: type(dialect) is type(other)  # type: ignore[method-assign]
_make_engine = SQLAlchemy._make_engine
_written: defaultdict[type, LRUCache[Any, Any]] = defaultdict(lambda: LRUCache(5_000))
_servers: dict[str, Engine] = {}


def _make_engine_sharing(
    self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask
) -> Engine:
    """One engine for one PostgreSQL: a new connection has to learn of every table anew. On
    SQLite each test has a file of its own."""
    key = repr(sorted(options.items(), key=str))
    if key in _servers:
        return _servers[key]
    engine = _make_engine(self, bind_key, options, app)
    engine._compiled_cache = _written[type(engine.dialect)]
    if engine.dialect.name == "postgresql":
        _servers[key] = engine
    return engine


SQLAlchemy._make_engine = _make_engine_sharing  # type: ignore[method-assign]
