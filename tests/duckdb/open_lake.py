"""A Tadoru lake as any DuckDB sees it: attached read-only by its catalog, without network.

As a module: open_lake(folder) returns a connection whose default schema is the lake; connect() one without a lake.
As a program: open_lake.py FOLDER SQL prints each row as one JSON object per line.
"""

import importlib.util
import json
import pathlib
import sys

import duckdb

EXTENSIONS = ("sqlite_scanner", "ducklake")


def connect():
    """A DuckDB that loads the pinned extensions from their wheels and nothing from anywhere else."""
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    connection.execute("SET TimeZone = 'UTC'")
    for name in EXTENSIONS:
        package = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        file = package / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        connection.execute(f"LOAD '{quoted(file)}'")
    return connection


def open_lake(folder):
    """The lake in `folder`, as the one ATTACH that the README promises."""
    connection = connect()
    catalog = pathlib.Path(folder).resolve() / "catalog.sqlite"
    connection.execute(f"ATTACH 'ducklake:sqlite:{quoted(catalog)}' AS lake (READ_ONLY)")
    connection.execute("USE lake")
    return connection


def quoted(path):
    return str(path).replace("'", "''")


def main(folder, sql):
    cursor = open_lake(folder).execute(sql)
    columns = [column[0] for column in cursor.description]
    while rows := cursor.fetchmany(1000):
        for row in rows:
            print(json.dumps(dict(zip(columns, row)), ensure_ascii=False, default=str))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: open_lake.py FOLDER SQL")
    main(*sys.argv[1:])
