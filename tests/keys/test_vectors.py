"""Every vector, read by Python. JavaScript reads the same files in tests/phone."""

import hmac
import json

from keys import address, code, keystore, message, note, organisation, receipt, work
from keys.envelope import Address, blinding_key
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey, check_collect
from keys.opening import open_envelope
from keys.wire import WEEK_SECONDS, Purpose, b64, digest, domain, read_object, unb64
from tests.keys.vectors import as_expected, each


@each("xwing")
def test_a_seed_gives_its_public_key(vector):
    assert b64(PrivateKey(unb64(vector["seed"])).public) == vector["public"]


@each("envelope")
def test_an_envelope_opens_or_is_refused(vector):
    address = Address(Purpose(vector["purpose"]), unb64(vector["recipient"]), unb64(vector["mailbox"]))
    keys = [PrivateKey(unb64(seed)) for seed in vector["seeds"]]
    with as_expected(vector):
        opened = open_envelope(unb64(vector["envelope"]), keys, address)
        assert opened.header.decode() == vector["header"]
        assert opened.fields == json.loads(vector["header"])
        assert opened.body == unb64(vector["body"])
        assert opened.commitment == unb64(vector["commitment"])


@each("address")
def test_an_address_is_taken_in_its_one_spelling(vector):
    with as_expected(vector):
        assert address.check_address(vector["address"]) == address.relay_address(vector["address"]) == vector["address"]


@each("note")
def test_a_note_is_verified_or_refused(vector):
    with as_expected(vector):
        read = note.verify(unb64(vector["note"]), unb64(vector["public"]), vector["kind"])
        assert read.text == vector["text"]
        assert note.NoteKey.parse(vector["verifier"]).public == unb64(vector["public"])
        assert str(note.NoteKey.parse(vector["verifier"])) == vector["verifier"]


@each("chain")
def test_the_chain_moves_on_and_forgets(vector):
    if "root_seed" in vector:
        root = unb64(vector["root_seed"])
        assert b64(organisation.mailbox_seed(root)) == vector["mailbox_seed"]
        for number, seed in vector["last_resort"]:
            assert b64(organisation.last_resort_seed(root, number)) == seed
        return
    first, last = vector.get("first", vector["weeks"][0]["week"]), vector.get("last_week")
    chain = organisation.WeeklyChain(first, unb64(vector["chain_key"]), last_week=last)
    for week in vector["weeks"]:
        chain = chain.advance(week["week"] * WEEK_SECONDS)
        assert b64(chain.chain_key) == week["chain_key"]
        assert b64(organisation.weekly_seed(chain.chain_key)) == week["seed"]
        assert sorted(chain.living() if last else [*chain.past, chain.week]) == week["kept"]


@each("card")
def test_a_card_is_taken_or_refused(vector):
    with as_expected(vector):
        card = organisation.read_card(
            unb64(vector["card"]), root=unb64(vector["root"]), newer_than=vector["newer_than"]
        )
        assert card.seq == vector["seq"]
        assert card.name == vector.get("called", card.name)
        for moment in vector.get("key_for", []):
            key = card.key_for(moment["at"])
            assert b64(digest(key)) == moment["key_hash"]
            assert (key == card.last_resort) == moment["last_resort"]
        if "sms_key" in vector:
            assert card.last_resort_number == vector["last_resort_number"]
            assert b64(card.sms_key or b"") == vector["sms_key"]
            assert [b64(key) for key in card.log_keys] == vector["log_keys"]
            assert [b64(key) for key in card.witness_keys] == vector["witness_keys"]
        if "fingerprint" in vector:
            assert organisation.fingerprint(card.root) == vector["fingerprint"]
            assert [b64(card.mailbox), list(card.relays)] == [vector["mailbox"], vector["relays"]]


@each("code")
def test_a_code_is_read_or_refused(vector):
    with as_expected(vector):
        read = code.read_card_code(vector["code"])
        assert [b64(read.root), list(read.relays)] == [vector["root"], vector["relays"]]
        assert str(read) == "".join(vector["code"].split()).upper()


@each("stranger")
def test_an_address_lies_outside_or_not(vector):
    assert address.check_address(vector["address"]) == vector["address"]
    assert address.is_public(vector["address"]) == vector["public"]


@each("mailbox")
def test_a_collect_request_is_taken_or_refused(vector):
    key = MailboxKey(unb64(vector["seed"]))
    assert [b64(key.public), b64(key.id)] == [vector["public"], vector["mailbox"]]
    with as_expected(vector):
        asked = check_collect(vector["body"].encode(), vector["signature"], (vector["origin"],), vector["now"])
        assert asked.mailbox == key.id
        assert b64(asked.nonce) == vector["nonce"]
        assert (asked.want, asked.wait, asked.cover, asked.commits, len(asked.ack)) == (64, 30, True, True, 1)


@each("receipt")
def test_a_receipt_counts_or_does_not(vector):
    with as_expected(vector):
        read = receipt.check_receipt(
            vector["receipt"].encode(),
            note.NoteKey.parse(vector["verifier"]),
            unb64(vector["commitment"]),
            unb64(vector["envelope_hash"]),
        )
        assert [read.hour, read.origin] == [vector["hour"], vector["origin"]]


@each("handover")
def test_a_receipt_of_handing_over_counts_or_does_not(vector):
    with as_expected(vector):
        parts = unb64(vector["commitment"]), unb64(vector["envelope_hash"])
        key = note.NoteKey.parse(vector["verifier"])
        read = receipt.check_receipt(vector["receipt"].encode(), key, *parts, receipt.HANDOVER_KIND)
        assert [read.hour, read.origin] == [vector["hour"], vector["origin"]]


@each("keystore")
def test_a_keystore_opens_or_says_why_not(vector):
    with as_expected(vector):
        kind = keystore.KeystoreKind(vector["kind"])
        keys = [unb64(key) for key in vector.get("wrapping_keys", [])]
        _, secrets = keystore.unlock(unb64(vector["keystore"]), vector["passphrase"], kind, keys)
        assert secrets == unb64(vector["secrets"])


@each("message")
def test_a_header_is_read_or_refused(vector):
    with as_expected(vector):
        read = message.read(read_object(vector["text"]) if "text" in vector else vector["header"])
        assert read.other == vector["other"]
        again = json.loads(message.header(read.message, read.other))
        assert {name: again[name] for name in vector["header"]} == vector["header"]


@each("reply")
def test_a_reply_is_from_who_knows_the_secret(vector):
    address = Address(Purpose.REPLY, digest(unb64(vector["public"])), unb64(vector["mailbox"]))
    mac = message.reply_mac(
        unb64(vector["secret"]), address, vector["size"], unb64(vector["salt"]), vector["header"].encode()
    )
    with as_expected(vector):
        message.check_mac(mac, unb64(vector["mac"]))


@each("case")
def test_a_case_and_what_is_said_in_it(vector):
    if vector["what"] == "id":
        assert message.case_id(unb64(vector["secret"])) == vector["case"]
    elif vector["what"] == "blind":
        assert b64(blinding_key(unb64(vector["salt"]))) == vector["blind"]
    elif vector["what"] == "key":
        parts = unb64(vector["root"]) + unb64(vector["case"])
        assert b64(hmac.digest(unb64(vector["key"]), domain("case") + parts, "sha256")) == vector["derived"]
    else:
        address = Address(Purpose.REPORT, unb64(vector["root"]), unb64(vector["mailbox"]))
        parts = [vector["size"], unb64(vector["salt"]), vector["header"].encode()]
        with as_expected(vector):
            message.check_mac(message.said_mac(unb64(vector["key"]), address, *parts), unb64(vector["mac"]))


@each("work")
def test_work_weighs_the_same_everywhere(vector):
    parts = [unb64(vector[name]) for name in ("seed", "mailbox", "envelope_hash")]
    assert work.weighs(*parts, unb64(vector["nonce"])) == vector["weighs"] >= vector["bits"]
    assert b64(work.do(*parts, vector["bits"])) == vector["nonce"]
