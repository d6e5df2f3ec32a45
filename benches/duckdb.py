"""DuckDB's side of the benchmark: the same files, the same lake, the same statements.

duckdb.py ingest SOURCE_GLOB TARGET      the statement of ingest_duckdb.sql, on one thread
duckdb.py queries LAKE QUERIES_DIR RUNS  each statement RUNS times on an attached lake: the median in ms, as JSON
"""

import json
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path = [str(HERE.parent / "tests/duckdb")] + [p for p in sys.path if pathlib.Path(p or ".").resolve() != HERE]

from open_lake import connect, open_lake, quoted  # noqa: E402


def ingest(source, target):
    connection = connect()
    connection.execute("SET threads = 1")
    statement = (HERE / "ingest_duckdb.sql").read_text()
    connection.execute(statement.replace(":source", f"'{quoted(source)}'").replace(":target", f"'{quoted(target)}'"))


def queries(lake, folder, runs):
    connection = open_lake(lake)
    medians = {}
    for path in sorted(pathlib.Path(folder).glob("*.sql")):
        statement = path.read_text()
        times = []
        for _ in range(int(runs) + 1):
            began = time.perf_counter()
            rows = connection.execute(statement).fetchall()
            times.append((time.perf_counter() - began) * 1000)
        medians[path.stem] = {"ms": statistics.median(times[1:]), "rows": len(rows)}
    print(json.dumps(medians))


if __name__ == "__main__":
    {"ingest": ingest, "queries": queries}[sys.argv[1]](*sys.argv[2:])
