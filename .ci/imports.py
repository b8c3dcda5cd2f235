#!/usr/bin/env python3
"""Every module that a target imports is one of the dependencies that the manifest declares for it.

What stands behind a trait is left to service.sh, which builds it: the description has no dependencies of traits. The
package manager's own check finds only what a fresh build happens not to have built yet.
"""

import json
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
system = {"Darwin", "Dispatch", "Foundation", "Glibc", "Swift", "Synchronization", "Testing"}
statement = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)", re.MULTILINE)

traits = re.findall(r"\.trait\(\s*name: \"(\w+)\"", (root / "Package.swift").read_text())
behind_trait = re.compile(rf"^#if (?:{'|'.join(traits)})$.*?^#endif$", re.MULTILINE | re.DOTALL)

described = subprocess.run(
    ["swift", "package", "describe", "--type", "json"],
    cwd=root, check=True, stdout=subprocess.PIPE).stdout
found = 0
for target in json.loads(described)["targets"]:
    declared = {
        name.replace("-", "_")
        for kind in ("target_dependencies", "product_dependencies")
        for name in target.get(kind) or []
    }
    for source in target["sources"]:
        path = pathlib.Path(target["path"]) / source
        if path.suffix != ".swift":
            continue
        for module in statement.findall(behind_trait.sub("", (root / path).read_text())):
            if module not in declared | system:
                print(f"imports: {path} imports {module}, which is no dependency of {target['name']}",
                      file=sys.stderr)
                found += 1
sys.exit(1 if found else 0)
