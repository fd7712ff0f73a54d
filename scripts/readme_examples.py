"""Checks that each code block of the README that names a file shows that file, comments at its head left out.

A block names its file in an HTML comment on the line above: <!-- docs/examples/client.mjs -->
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- (docs/examples/\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)

shown = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
wrong = [name for name, text in shown if text != (ROOT / name).read_text(encoding="utf-8")]
missing = {str(path.relative_to(ROOT)) for path in (ROOT / "docs/examples").iterdir()} - {name for name, _ in shown}
for name in wrong:
    print(f"README.md does not show {name} as it is", file=sys.stderr)
for name in sorted(missing):
    print(f"README.md does not show {name}", file=sys.stderr)
sys.exit(1 if wrong or missing else 0)
