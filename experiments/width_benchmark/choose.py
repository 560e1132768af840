"""Write the networks of the width benchmark: the same cells of NAS-Bench-201 at four widths.

Run: python experiments/width_benchmark/choose.py > experiments/width_benchmark/networks.txt
"""

from zenlab.searchers.stratified import StratifiedSearcher
from zenlab.spaces.nb201 import NB201

CELLS = 56
WIDTHS = ("8:8:8", "8:16:32", "16:16:16", "16:32:64")


def main() -> None:
    """Print one network a line: all widths of a cell, then the next cell."""
    for cell in StratifiedSearcher(NB201(), budget=CELLS).ask():
        for widths in WIDTHS:
            print(widths, cell)


if __name__ == "__main__":
    main()
