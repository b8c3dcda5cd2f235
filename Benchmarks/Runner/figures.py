"""Medians and ratios of the samples."""
import statistics

import catalog


class Figures:
    """What the samples say, cell by cell; None where there is nothing."""

    def __init__(self, samples):
        self.good = [s for s in samples if "failed" not in s]
        self.failed = {(s["workload"], s["server"]) for s in samples if "failed" in s}
        self.base = {(s["workload"], s["round"]): s for s in self.good if s["server"] == catalog.BASE}

    def of(self, workload, server):
        return [s for s in self.good if s["workload"] == workload and s["server"] == server]

    def median(self, workload, server, key):
        values = [s[key] for s in self.of(workload, server) if key in s]
        return statistics.median(values) if values else None

    def cpu_key(self, workload):
        return "srv_cpu_ns_kb" if catalog.WORKLOADS[workload].kind == "bytes" else "srv_cpu_us_msg"

    def cpu(self, workload, server):
        """Microseconds a message, or ns a KiB."""
        return self.median(workload, server, self.cpu_key(workload))

    def ratio(self, workload, server):
        """CPU against the base's in the same round."""
        key, ratios = self.cpu_key(workload), []
        for sample in self.of(workload, server):
            base = self.base.get((workload, sample["round"]))
            if base and base.get(key):
                ratios.append(sample[key] / base[key])
        return statistics.median(ratios) if ratios else None

    def rounds(self):
        return 1 + max((s["round"] for s in self.good), default=-1)
