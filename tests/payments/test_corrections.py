"""What each correction does to the rupiah, one at a time."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices import books as closed_months
from portal.invoices import late_fees, queries, terms
from portal.invoices.correction_rules import tax_part
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.network import isolation
from portal.payments import corrections, refunds, reversal, service
from portal.payments.corrections import CorrectionError
from portal.payments.models import Payment
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books


def left(bill: Invoice) -> int:
    with books.rolled_back():
        return queries.remaining(bill.id)


@given(
    total=st.integers(1, 10**7),
    tax_bp=st.integers(0, 5_000),
    cuts=st.lists(st.integers(1, 10**6), max_size=6),
)
def test_tax_of_notes_adds_up_to_the_tax_of_the_invoice(
    total: int, tax_bp: int, cuts: list[int]
) -> None:
    tax = total * tax_bp // 10_000
    before = taken = 0
    for cut in [*cuts, total]:
        amount = min(cut, total - before)
        part = tax_part(amount, total=total, tax=tax, before=before, tax_before=taken)
        # A note of one rupiah may carry the rupiah that rounding left over, no more.
        assert 0 <= part <= amount + 1
        before, taken = before + amount, taken + part
    assert (before, taken) == (total, tax)


@pytest.mark.parametrize(
    ("amount", "wanted"), [(111_000, 11_000), (55_500, 5_500), (50_000, 4_955), (1, 0), (6, 1)]
)
def test_tax_is_in_proportion_and_rounded_half_up(amount: int, wanted: int) -> None:
    assert tax_part(amount, total=111_000, tax=11_000, before=0, tax_before=0) == wanted


def test_credit_notes_until_nothing_is_owed(budi: Customer, line: Subscription) -> None:
    bill = factories.invoice(line, total=165_000)
    factories.payment(budi, 100_000, [bill])
    corrections.credit_note(bill.id, 50_000, "gangguan")
    db.session.commit()
    assert (left(bill), books.bill(bill).state) == (15_000, "open")
    corrections.credit_note(bill.id, 40_000, "gangguan")
    db.session.commit()
    assert books.bill(bill).state == "paid"
    assert books.money() == (100_000, 75_000, 25_000)
    with pytest.raises(CorrectionError, match="melebihi total"):
        corrections.credit_note(bill.id, 75_001, "x")
    db.session.rollback()
    with pytest.raises(CorrectionError, match="nota kredit"):
        corrections.void(bill.id, "x")
    db.session.rollback()
    books.balanced()


def test_the_newest_money_goes_back_first_and_the_oldest_is_given_back(
    budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    first = factories.payment(budi, 100_000, [bill])
    second = factories.payment(budi, 65_000, [bill])
    corrections.credit_note(bill.id, 80_000, "salah harga")
    db.session.commit()
    with books.rolled_back():
        assert service.credit_by_payment(budi.id) == [(first, 15_000), (second, 65_000)]
    refunds.refund(budi.id, 20_000, "cash", "permintaan")
    db.session.commit()
    with books.rolled_back():
        assert service.credit_by_payment(budi.id) == [(second, 60_000)]
    with pytest.raises(CorrectionError, match="dikembalikan"):
        reversal.reverse(first, "salah")
    db.session.rollback()
    books.balanced()


def test_a_reversal_takes_back_what_its_credit_paid_too(budi: Customer, line: Subscription) -> None:
    october = factories.invoice(line, "2026-10", total=100_000)
    wrong = factories.payment(budi, 150_000, [october])
    november = factories.invoice(line, "2026-11", total=100_000)
    service.use_credit([november.id])
    db.session.commit()
    factories.payment(budi, 50_000, [november])
    assert books.bill(november).state == "paid"
    reversal.reverse(wrong, "giro kosong")
    db.session.commit()
    assert (left(october), left(november)) == (100_000, 50_000)
    assert books.money() == (50_000, 50_000, 0)
    with pytest.raises(CorrectionError, match="sudah dibatalkan"):
        reversal.reverse(wrong, "lagi")
    db.session.rollback()
    mirror = factories.every(Payment)[-1]
    with pytest.raises(CorrectionError, match="Ini sendiri pembatalan"):
        reversal.reverse(mirror.id, "lagi")
    db.session.rollback()
    told = [one for one in factories.every(Message) if one.kind == "payment_confirmation"]
    # The receipt of the reversed payment had not left yet; the other one goes its way.
    assert [one.state for one in told] == ["cancelled", "pending"]
    books.balanced()


def test_money_after_a_reversal_goes_where_it_should(budi: Customer, line: Subscription) -> None:
    """Nothing of the reversed payment is left to be spent by the next invoice."""
    wrong = factories.payment(budi, 150_000)
    factories.payment(budi, 30_000)
    reversal.reverse(wrong, "dobel")
    db.session.commit()
    bill = factories.invoice(line, total=100_000)
    service.use_credit([bill.id])
    db.session.commit()
    assert (left(bill), books.money()) == (70_000, (30_000, 30_000, 0))
    books.balanced()


def test_write_off_opens_access_and_undo_demands_again(
    budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    bill = factories.invoice(line, due_on=date(2026, 10, 1), total=165_000)
    factories.payment(budi, 65_000, [bill])
    isolation.run()
    assert factories.fresh(Subscription, line.id).state == "isolated"
    corrections.write_off(bill.id, "rumah dijual")
    db.session.commit()
    assert factories.fresh(Subscription, line.id).state == "active"
    closed = books.bill(bill)
    assert (closed.state, closed.closed_on) == ("written_off", date(2026, 11, 21))
    # Money that comes does not go there.
    factories.payment(budi, 10_000)
    assert books.money() == (75_000, 65_000, 10_000)
    corrections.undo_write_off(bill.id, "ternyata bayar")
    db.session.commit()
    assert left(bill) == 100_000
    isolation.run()
    assert factories.fresh(Subscription, line.id).state == "isolated"
    books.balanced()


def test_a_credit_note_over_the_rest_opens_access(line: Subscription) -> None:
    bill = factories.invoice(line, due_on=date(2026, 10, 1), total=165_000)
    isolation.run()
    corrections.credit_note(bill.id, 165_000, "gangguan sebulan")
    db.session.commit()
    assert factories.fresh(Subscription, line.id).state == "active"


def test_a_closed_month_keeps_its_numbers(
    budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    bill = factories.invoice(line, total=165_000)
    other = factories.invoice(line, "2026-10", total=1_000)
    corrections.write_off(other.id, "kecil")
    db.session.commit()
    november = clock.now()
    clock.move(days=30)
    closed_months.lock(Period(2026, 11), "tutup buku", "staff:1")
    db.session.commit()
    for refused in (
        lambda: corrections.void(bill.id, "salah"),
        lambda: corrections.undo_write_off(other.id, "kembali"),
    ):
        with pytest.raises(CorrectionError, match="sudah dikunci"):
            refused()
        db.session.rollback()
    payment_id = factories.payment(budi, 50_000, [bill], paid_at=november)
    row = factories.fresh(Payment, payment_id)
    assert (row.paid_at, row.booked_on) == (november, date(2026, 12, 21))
    note = corrections.credit_note(bill.id, 115_000, "salah paket")
    assert note.booked_on == date(2026, 12, 21)
    db.session.commit()
    reversal.reverse(payment_id, "salah")
    db.session.commit()
    closed_months.reopen(Period(2026, 11), "ada yang salah", "staff:1")
    corrections.undo_write_off(other.id, "kembali")
    db.session.commit()
    books.balanced()


def test_the_fee_for_being_late_with_a_void_invoice_is_not_asked(
    line: Subscription, clock: FixedClock
) -> None:
    settings.change("billing.late_fee", "amount")
    settings.change("billing.late_fee_amount", 10_000)
    late_fees.charge_late()
    db.session.commit()
    bill = factories.invoice(line, total=165_000)
    clock.move(days=60)
    assert late_fees.charge_late() == 1
    db.session.commit()
    corrections.void(bill.id, "salah")
    db.session.commit()
    with books.rolled_back():
        assert terms.charges_of([line.id]) == []


def test_a_replacement_waits_for_nothing_it_cannot_bill(line: Subscription) -> None:
    """A period before the line began has no invoice to stand for it: nothing is voided."""
    bill = factories.invoice(line, "2020-01", total=165_000)
    with pytest.raises(CorrectionError, match="Batalkan tanpa pengganti"):
        corrections.void(bill.id, "salah", replace=True)
    db.session.rollback()
    assert books.bill(bill).state == "open"


@pytest.mark.parametrize("state", ["open", "paid", "void", "written_off"])
def test_each_correction_only_where_it_makes_sense(
    budi: Customer, line: Subscription, state: str
) -> None:
    bill = factories.invoice(line, total=1_000)
    if state == "paid":
        factories.payment(budi, 1_000, [bill])
    elif state == "void":
        corrections.void(bill.id, "x")
    elif state == "written_off":
        corrections.write_off(bill.id, "x")
    db.session.commit()
    verbs: dict[str, Callable[[], object]] = {
        "void": lambda: corrections.void(bill.id, "x"),
        "credit": lambda: corrections.credit_note(bill.id, 1, "x"),
        "write off": lambda: corrections.write_off(bill.id, "x"),
        "undo": lambda: corrections.undo_write_off(bill.id, "x"),
    }
    allowed = set()
    for name, change in verbs.items():
        try:
            change()
            allowed.add(name)
        except CorrectionError:
            pass
        db.session.rollback()
    assert (
        allowed
        == {
            "open": {"void", "credit", "write off"},
            "paid": {"void", "credit"},
            "void": set(),
            "written_off": {"undo"},
        }[state]
    )
