"""Measures the importer of the official NAS-Bench-201 file: peak memory and time per architecture.

Each measurement runs in its own process: the growth of its resident memory from the imports to the
peak, in MB, as Linux counts it in /proc/self/status, and its processor time. pandas is among the
imports because pyarrow loads it when it makes the first table. Run with `python perf/importer.py`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

CELLS = (400, 800)
CONTAINERS = ("zip", "legacy")
WRITE = """
import sys
from pathlib import Path
from tests.benchmarks.official_file import write_official_file
write_official_file(Path(sys.argv[1]), int(sys.argv[2]), container=sys.argv[3])
"""
MEASURE = """
import json, sys, time
from pathlib import Path
import pandas
from zenlab.benchmarks.official import convert_official

def resident_mb(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000

path, imported, start = Path(sys.argv[1]), resident_mb("VmRSS"), time.process_time()
convert_official(path, path.with_suffix(".parquet"))
seconds = time.process_time() - start
print(json.dumps([imported, resident_mb("VmHWM") - imported, seconds]))
"""


def main() -> None:
    print("container  cells  file MB  imports MB  peak above MB  CPU ms per architecture")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "official.pth"
        for container in CONTAINERS:
            for cells in CELLS:
                in_new_process(WRITE, str(path), str(cells), container)
                size = path.stat().st_size / 1e6
                imported, peak, seconds = json.loads(in_new_process(MEASURE, str(path)))
                print(
                    f"{container:9}{cells:7}{size:9.0f}{imported:12.0f}{peak:15.1f}"
                    f"{1000 * seconds / cells:25.1f}"
                )


def in_new_process(program: str, *arguments: str) -> str:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=root, check=True, text=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    main()
