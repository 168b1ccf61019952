"""The JSON Schema (draft 2020-12) of all inputs, for editors that check TOML while it is typed.

Says what a schema can say: names, types, limits, choices, what must be given. What depends on
several keys together is for ``hpcneq check``.
"""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping, Sequence

from ..errors import InputError
from ..tasks.task import System, Task
from .load import RunTable
from .schema import Rules, arms, as_json, default_of, keys_of, required, whole_key
from .sweeps import MOST_POINTS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
LIMIT_WORDS = {
    "above": "exclusiveMinimum",
    "min": "minimum",
    "max": "maximum",
    "below": "exclusiveMaximum",
}
TYPES: dict[object, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
    tuple: "array",
}

Schema = dict[str, object]


def json_schema(catalogue: Mapping[str, System]) -> Schema:
    """The schema of the inputs of all systems; those that cannot be imported are left out."""
    systems = []
    for name in catalogue:
        try:
            systems.append(catalogue[name])
        except InputError:
            continue
    definitions: Schema = {"run": table_schema(RunTable)}
    rules: list[Schema] = []
    for system in systems:
        names = list(system.tasks)
        rules.append(_if({"system": system.name}, {"properties": {"task": {"enum": names}}}))
        for task in system.tasks.values():
            name = f"{system.name}.{task.name}"
            definitions[name] = task_schema(task)
            chosen = {"system": system.name, "task": task.name}
            rules.append(_if(chosen, {"$ref": f"#/$defs/{name}"}))
    return {
        "$schema": DRAFT,
        "title": "An input of hpcneq",
        "type": "object",
        "required": ["system", "task"],
        "properties": {"system": {"enum": [system.name for system in systems]}},
        "allOf": rules,
        "$defs": definitions,
    }


def _if(values: Mapping[str, str], then: Schema) -> Schema:
    """``then`` where keys have these values."""
    properties = {key: {"const": value} for key, value in values.items()}
    return {"if": {"properties": properties, "required": list(values)}, "then": then}


def task_schema(task: Task) -> Schema:
    """The schema of a task's inputs."""
    properties: Schema = {
        "system": True,
        "task": True,
        "run": {"$ref": "#/$defs/run"},
        "sweep": _sweep_schema(task),
        "petsc": _petsc_schema(task),
    }
    needed: list[Schema] = []
    for name, table in task.tables.items():
        properties[name] = table_schema(table, task.sweep if name == "parameters" else ())
        if name == "parameters":
            needed += [_given_or_swept(key) for key in task.sweep if _must_be_given(table, key)]
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    must = [name for name, table in task.tables.items() if _needs(table, task, name)]
    if task.timed:
        properties["run"] = {"$ref": "#/$defs/run", "required": ["t_max"]}
        must.append("run")
    if must:
        schema["required"] = must
    if needed:
        schema["allOf"] = needed
    return schema


def _must_be_given(table: type, key: str) -> bool:
    keys = keys_of(table)
    return key in keys and required(keys[key])


def _needs(table: type, task: Task, name: str) -> bool:
    """Whether a table has a key that must be given and cannot be swept."""
    free = task.sweep if name == "parameters" else ()
    whole = whole_key(table)
    if whole is not None:
        return required(whole)
    return any(required(f) for key, f in keys_of(table).items() if key not in free)


def _given_or_swept(key: str) -> Schema:
    """A parameter without a default stands in [parameters] or in [sweep]."""
    places = ("parameters", "sweep")
    return {
        "anyOf": [
            {"required": [place], "properties": {place: {"required": [key]}}} for place in places
        ]
    }


def table_schema(table: type, free: Sequence[str] = ()) -> Schema:
    """The schema of a table. free : keys that need not be given."""
    hints = typing.get_type_hints(table)
    whole = whole_key(table)
    if whole is not None:
        return value_schema(hints[whole.name], whole.metadata)
    keys = keys_of(table)
    properties: Schema = {}
    for name, f in keys.items():
        schema = value_schema(hints[f.name], f.metadata)
        unit = f" [{f.metadata['unit']}]" if f.metadata.get("unit") else ""
        schema["description"] = f"{f.metadata.get('doc', '')}{unit}".strip()
        if not required(f) and as_json(default_of(f)) is not None:
            schema["default"] = as_json(default_of(f))
        properties[name] = schema
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    must = [name for name, f in keys.items() if required(f) and name not in free]
    return {**schema, "required": must} if must else schema


def value_schema(hint: object, rules: Rules) -> Schema:
    """The schema of a value with an annotation and the rules of its key."""
    schemas = [_arm_schema(arm, rules) for arm in arms(hint)]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _arm_schema(arm: typing.Any, rules: Rules) -> Schema:
    """The schema of one arm of a union."""
    kind, items = typing.get_origin(arm) or arm, typing.get_args(arm)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return table_schema(kind)
    schema: Schema = {"type": TYPES[kind]}
    if kind in (int, float):
        limits = {word: rules[name] for name, word in LIMIT_WORDS.items() if _has(rules, name)}
        schema.update(limits)
    choices = [choice for choice in rules.get("choices") or () if type(choice) is kind]
    if choices:
        schema["enum"] = choices
    if kind in (list, tuple) and items:
        schema.update(_items_schema(kind, items, rules))
    if kind is dict and items:
        schema["additionalProperties"] = value_schema(items[1], {})
    return schema


def _has(rules: Rules, name: str) -> bool:
    return rules.get(name) is not None


def _items_schema(kind: type, items: tuple[object, ...], rules: Rules) -> Schema:
    """What the items of a list may be."""
    if kind is list or items[-1] is Ellipsis:
        return {"items": value_schema(items[0], rules)}
    each = [value_schema(item, rules) for item in items]
    return {"prefixItems": each, "items": False, "minItems": len(items)}


def _sweep_schema(task: Task) -> Schema:
    """[sweep]: one or two keys, each a range or a list, within the limits of the parameter."""
    table = task.tables.get("parameters")
    hints = typing.get_type_hints(table) if table else {}
    keys = keys_of(table) if table else {}
    properties: Schema = {}
    for name in task.sweep:
        point: Schema = {"type": "number"}
        if name in keys:
            numbers = [arm for arm in arms(hints[keys[name].name]) if arm in (int, float)]
            if numbers:
                kind = float if float in numbers else int
                point = _arm_schema(kind, {**keys[name].metadata, "choices": None})
        properties[name] = {"anyOf": [_range_schema(point), _list_schema(point)]}
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "maxProperties": 2,
    }


def _list_schema(point: Schema) -> Schema:
    return {"type": "array", "items": {**point, "type": "number"}, "minItems": 1}


def _range_schema(point: Schema) -> Schema:
    end = {**point, "type": "number"}
    points = {"type": "integer", "minimum": 1, "maximum": MOST_POINTS}
    return {
        "type": "object",
        "properties": {"from": end, "to": end, "points": points},
        "required": ["from", "to", "points"],
        "additionalProperties": False,
    }


def _petsc_schema(task: Task) -> Schema:
    """[petsc]: options that begin with one of the task's prefixes, in tables or not."""
    first = sorted({re.escape(prefix.partition("_")[0]) for prefix in task.petsc})
    option = {"type": ["boolean", "integer", "number", "string", "object"]}
    if not first:
        return {"type": "object", "maxProperties": 0}
    return {
        "type": "object",
        "patternProperties": {f"^({'|'.join(first)})(_|$)": option},
        "additionalProperties": False,
    }
