"""`make bench`: ratios against a floor measured in the same run. Nothing asserts a time."""

from tests.benchmarks import dashboard, finding, imports, pages_and_billing, phone, sending

pages_and_billing.main()
finding.main()
dashboard.main()
sending.main()
phone.main()
imports.main()
