"""What DuckDB reads of a Tadoru lake against what Tadoru says, and against the Parquet files and catalog themselves.

read_back.py LAKE TADORU: each difference is a line on stdout; exit code 1 where there is one.
"""

import collections
import datetime
import json
import pathlib
import sqlite3
import subprocess
import sys

from open_lake import open_lake, quoted

TABLES = ("events", "access_daily")
differences = []


def differ(*words):
    differences.append(" ".join(str(word) for word in words))


def plain(value):
    """A value of DuckDB's as Tadoru's JSON has it."""
    if isinstance(value, datetime.datetime):
        text = value.isoformat()
        return (text.rstrip("0") if "." in text else text) + "Z"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return value


def rows_agree(duck, lake, tadoru, table):
    cursor = duck.execute(f"SELECT * FROM lake.main.{table}")
    names = [column[0] for column in cursor.description]
    theirs = collections.Counter(
        json.dumps({name: plain(value) for name, value in zip(names, row)}) for row in cursor.fetchall()
    )
    command = [tadoru, "--lake", lake, "-q", "sql", "--reveal", f"SELECT * FROM {table}", "-o", "jsonl"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    ours = collections.Counter(json.dumps(json.loads(line)) for line in printed.splitlines())
    for row in list((theirs - ours).elements())[:2]:
        differ(table, "only DuckDB reads", row)
    for row in list((ours - theirs).elements())[:2]:
        differ(table, "only Tadoru reads", row)
    return sum(ours.values())


def files_of(lake, table):
    catalog = sqlite3.connect(pathlib.Path(lake) / "catalog.sqlite")
    sql = """SELECT f.data_file_id, f.path, f.record_count, f.begin_snapshot FROM ducklake_data_file f
             JOIN ducklake_table t USING (table_id) WHERE t.table_name = ? AND f.end_snapshot IS NULL"""
    folder = pathlib.Path(lake).resolve() / "data" / "main" / table
    return [(i, str(folder / path), count, begin) for i, path, count, begin in catalog.execute(sql, [table])]


def leaves(duck, table):
    """Every column that holds values: id, SQL over one row, type, and whether it stands in a list."""
    columns = duck.execute(
        f"""SELECT column_id, parent_column, column_name, column_type
            FROM __ducklake_metadata_lake.ducklake_column
            WHERE end_snapshot IS NULL AND table_id =
              (SELECT table_id FROM __ducklake_metadata_lake.ducklake_table WHERE table_name = '{table}')"""
    ).fetchall()
    by_id = {column[0]: column for column in columns}
    for number, parent, name, kind in columns:
        if kind in ("struct", "list"):
            continue
        path, in_list = [], False
        step = by_id[number]
        while step is not None:
            path.insert(0, step[2])
            above = by_id.get(step[1])
            if above is not None and above[3] == "list":
                in_list = True
                path.pop(0)
            step = above
        yield number, path, kind, in_list


def expression(path, in_list):
    first, rest = f'"{path[0]}"', "".join(f'."{name}"' for name in path[1:])
    return f"unnest({first}){rest}" if in_list else first + rest


def bounds_agree(duck, lake, table):
    """min, max and count of every leaf, which DuckDB may answer from the catalog, as the copy of the files has them."""
    catalog = sqlite3.connect(pathlib.Path(lake) / "catalog.sqlite")
    files = {number: path for number, path, _, _ in files_of(lake, table)}
    for number, path, kind, in_list in leaves(duck, table):
        value = expression(path, in_list)
        for ask in (f"min({value}), max({value}), count({value})", f"min({value})", f"max({value})", f"count({value})"):
            if in_list:
                ask = ask.replace(value, "v")
            of = [
                duck.execute(f"SELECT {ask} FROM (SELECT {value} AS v FROM {source})" if in_list
                             else f"SELECT {ask} FROM {source}").fetchone()
                for source in (f"lake.main.{table}", f"copy_{table}")
            ]
            if of[0] != of[1]:
                differ(table, path, ask, "the lake says", of[0], "the files", of[1])
        stored = catalog.execute(
            """SELECT data_file_id, value_count, null_count, min_value, max_value FROM ducklake_file_column_stats s
               JOIN ducklake_table t USING (table_id) JOIN ducklake_data_file f USING (data_file_id)
               WHERE t.table_name = ? AND column_id = ? AND f.end_snapshot IS NULL""",
            [table, number],
        ).fetchall()
        if in_list:
            source = f"(SELECT filename, unnest(\"{path[0]}\"){''.join(f'.{p}' for p in path[1:])} AS v FROM copy_{table})"
        else:
            source = f"(SELECT filename, {value} AS v FROM copy_{table})"
        found = {
            row[0]: row[1:]
            for row in duck.execute(
                f"SELECT filename, count(*), count(v), min(v), max(v) FROM {source} GROUP BY 1"
            ).fetchall()
        }
        for file, _, nulls, low, high in stored:
            rows, values, least, most = found.get(files[file], (0, 0, None, None))
            if not in_list and nulls != rows - values:
                differ(table, path, "file", file, "nulls", nulls, "instead of", rows - values)
            if low is None and high is None:
                continue
            typed = {"timestamp": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN", "int64": "BIGINT"}.get(kind, "VARCHAR")
            low, high = duck.execute(f"SELECT CAST(? AS {typed}), CAST(? AS {typed})", [low, high]).fetchone()
            if (low, high) != (least, most):
                differ(table, path, "file", file, "bounds", (low, high), "instead of", (least, most))


def filters_agree(duck, table):
    """A condition on each leaf, which prunes files of the lake, finds what it finds in a copy that prunes nothing."""
    asked = 0
    for _, path, kind, in_list in leaves(duck, table):
        if in_list:
            continue
        value = expression(path, False)
        sample = duck.execute(
            f"SELECT min(v), max(v), any_value(v ORDER BY hash(v)) FROM (SELECT {value} AS v FROM copy_{table})"
        ).fetchone()
        conditions = [(f"{value} IS NULL", []), (f"{value} IS NOT NULL", [])]
        for probe in dict.fromkeys(v for v in sample if v is not None):
            conditions += [(f"{value} = ?", [probe]), (f"{value} > ?", [probe]), (f"{value} <= ?", [probe])]
        if kind == "varchar":
            conditions += [(f"{value} = ?", ["no such value"]), (f"{value} LIKE ?", ["a%"])]
        for condition, values in conditions:
            asked += 1
            of = [
                duck.execute(f"SELECT count(*) FROM {source} WHERE {condition}", values).fetchone()[0]
                for source in (f"lake.main.{table}", f"copy_{table}")
            ]
            if of[0] != of[1]:
                differ(table, condition, values, "finds", of[0], "in the lake and", of[1], "in its files")
    return asked


def snapshots_agree(duck, lake, table):
    """Time travel: the rows at each snapshot are those of the files it names, also of such as were replaced later."""
    catalog = sqlite3.connect(pathlib.Path(lake) / "catalog.sqlite")
    sql = """SELECT f.path, f.begin_snapshot, f.end_snapshot FROM ducklake_data_file f
             JOIN ducklake_table t USING (table_id) WHERE t.table_name = ?"""
    folder = pathlib.Path(lake).resolve() / "data" / "main" / table
    files = [(str(folder / path), begin, end) for path, begin, end in catalog.execute(sql, [table])]
    kept = [number for (number,) in catalog.execute("SELECT snapshot_id FROM ducklake_snapshot ORDER BY 1")]
    first = max(min(begin for _, begin, _ in files), kept[0])
    kept = [number for number in kept if number >= first]
    snapshots = sorted({kept[0], kept[len(kept) // 2], kept[-1]})
    for snapshot in snapshots:
        names = [path for path, begin, end in files if begin <= snapshot and (end is None or end > snapshot)]
        listed = ", ".join(f"'{quoted(name)}'" for name in names)
        at = f"SELECT * FROM lake.main.{table} AT (VERSION => {snapshot})"
        parquet = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"
        for one, other in ((at, parquet), (parquet, at)):
            left = duck.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})").fetchone()[0]
            if left:
                differ(table, "snapshot", snapshot, left, "rows of", one, "are missing in", other)
        # True of all rows there are now, not of all there were.
        for end, comparison in (("min", ">="), ("max", "<=")):
            (now,) = duck.execute(f"SELECT {end}(eventdate) FROM copy_{table}").fetchone()
            if now is None:
                continue
            condition = f"eventdate {comparison} DATE '{now}'"
            of = [
                duck.execute(f"SELECT count(*) FROM ({rows}) WHERE {condition}").fetchone()[0]
                for rows in (at, parquet)
            ]
            if of[0] != of[1]:
                differ(table, "snapshot", snapshot, condition, "finds", of[0], "in the lake and", of[1], "in its files")
    return len(snapshots)


def main(lake, tadoru):
    duck = open_lake(lake)
    for table in TABLES:
        rows = rows_agree(duck, lake, tadoru, table)
        listed = ", ".join(f"'{quoted(path)}'" for _, path, _, _ in files_of(lake, table))
        duck.execute(
            f"""CREATE TEMP TABLE copy_{table} AS
                SELECT * FROM read_parquet([{listed}], hive_partitioning = false, filename = true)"""
        )
        bounds_agree(duck, lake, table)
        asked = filters_agree(duck, table)
        snapshots = snapshots_agree(duck, lake, table)
        print(f"{table}: {rows} rows, {asked} filters, {snapshots} snapshots", file=sys.stderr)
    print("\n".join(differences[:40]))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: read_back.py LAKE TADORU")
    main(*sys.argv[1:])
