"""`python -m tests.campaign`: the whole trial; exits 1 when anything was lost or came twice.

`make campaign` runs it on SQLite, and on PostgreSQL when `TEST_DATABASE_URL` names a server.
"""

import argparse
import sys

from tests.campaign.trial import Plan, run


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(prog="tests.campaign")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--kill", type=float, default=0.05, help="chance at each checkpoint")
    parser.add_argument("--outside", type=float, default=0.5, help="kills a second from outside")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="URL; SQLite in a temporary folder without")
    parser.add_argument("--redis", default="redis://127.0.0.1:1/0")
    parser.add_argument("--phases", default="", help="only these, comma separated")
    parser.add_argument("--minutes", type=float, default=120, help="begin no phase after that")
    asked = parser.parse_args()
    result = run(
        Plan(
            messages=asked.messages,
            kill=asked.kill,
            outside=asked.outside,
            seed=asked.seed,
            database_url=asked.database,
            redis_url=asked.redis,
            budget=asked.minutes * 60,
            only=tuple(filter(None, asked.phases.split(","))),
        )
    )
    print(result.report(), flush=True)
    return 0 if result.sound else 1


if __name__ == "__main__":
    sys.exit(main())
