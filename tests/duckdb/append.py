"""Appends one event of a Tadoru lake to it once more, as any DuckDB may, and prints how many events there are then.

append.py LAKE
"""

import pathlib
import sys

from open_lake import connect, quoted


def main(folder):
    duck = connect()
    catalog = pathlib.Path(folder).resolve() / "catalog.sqlite"
    duck.execute(f"ATTACH 'ducklake:sqlite:{quoted(catalog)}' AS lake")
    duck.execute("INSERT INTO lake.main.events SELECT * FROM lake.main.events LIMIT 1")
    print(duck.execute("SELECT count(*) FROM lake.main.events").fetchone()[0])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: append.py LAKE")
    main(*sys.argv[1:])
