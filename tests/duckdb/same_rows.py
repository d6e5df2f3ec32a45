"""Whether two Tadoru lakes hold the same events and the same sums, as DuckDB reads them.

same_rows.py ONE OTHER [--at VERSION]: OTHER as of that snapshot. `objectkey` and the rollup's division into partial
sums depend on the order of delivery, so with --any-order the first is left out; the second is always summed up.
"""

import argparse
import sys

from open_lake import open_lake, quoted

SUMS = """SELECT * EXCLUDE (eventcount, firsteventtimestamp, lasteventtimestamp, lasteventid), sum(eventcount),
                 min(firsteventtimestamp), max(lasteventtimestamp) FROM {} GROUP BY ALL"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("one")
    parser.add_argument("other")
    parser.add_argument("--at", type=int)
    parser.add_argument("--any-order", action="store_true")
    given = parser.parse_args()
    duck = open_lake(given.one)
    duck.execute(f"ATTACH 'ducklake:sqlite:{quoted(given.other)}/catalog.sqlite' AS other (READ_ONLY)")
    at = f" AT (VERSION => {given.at})" if given.at is not None else ""
    columns = "* EXCLUDE (objectkey)" if given.any_order else "*"
    failed = False
    for what, sql in (("events", f"SELECT {columns} FROM {{}}"), ("access_daily", SUMS)):
        one, other = sql.format(f"lake.main.{what}"), sql.format(f"other.main.{what}{at}")
        for name, here, there in (("one", one, other), ("other", other, one)):
            left = duck.execute(f"SELECT count(*) FROM ({here} EXCEPT ALL {there})").fetchone()[0]
            if left:
                failed = True
                print(f"{what}: {left} rows only in the {name} lake")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
