"""`python -m tests.trials.storm`: exits 1 when a rupiah was lost, doubled or made up."""

import argparse
import sys

from tests.trials.storm.run import Plan, run


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(prog="tests.trials.storm")
    parser.add_argument("--webhooks", type=int, default=100_000)
    parser.add_argument("--parallel", type=int, default=64)
    parser.add_argument("--invoices", type=int, default=0, help="one for 20 webhooks without")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--away", type=float, default=3.0, help="seconds without PostgreSQL")
    parser.add_argument(
        "--database",
        default="",
        help="SQLite without; `postgres`: a server of the trial's own, which is restarted; "
        "a URL: a database on that server, whose connections are cut instead",
    )
    parser.add_argument("--silent", action="store_true", help="the gateway drops every webhook")
    asked = parser.parse_args()
    result = run(
        Plan(
            webhooks=asked.webhooks,
            parallel=asked.parallel,
            database=asked.database,
            seed=asked.seed,
            invoices=asked.invoices,
            away=asked.away,
            silent=asked.silent,
            unhurried=75 if asked.silent else 0,
        )
    )
    print(result.report(), flush=True)
    return 0 if result.sound else 1


if __name__ == "__main__":
    sys.exit(main())
