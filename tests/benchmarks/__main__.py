"""`make bench`: ratios against a floor measured in the same run. Nothing asserts a time."""

from tests.benchmarks import pages_and_billing, phone, sending

pages_and_billing.main()
sending.main()
phone.main()
