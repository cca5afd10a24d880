"""The services that the calls of one relay stand on."""

from relay.admission import Admission
from relay.cards import Cards
from relay.config import Config
from relay.http.rate_limits import Addresses
from relay.mailboxes import Mailboxes
from relay.push.notifier import PushNotifier
from relay.receipts import ReceiptSigner


class Services:
    """Hold everything that the calls of one relay need. `wake` is None where the relay rings nobody."""

    def __init__(
        self,
        config: Config,
        *,
        mailbox: Mailboxes,
        admission: Admission,
        signer: ReceiptSigner,
        cards: Cards,
        addresses: Addresses,
        wake: PushNotifier | None,
    ) -> None:
        self.config = config
        self.mailbox = mailbox
        self.admission = admission
        self.signer = signer
        self.cards = cards
        self.addresses = addresses
        self.wake = wake

    def close(self) -> None:
        """Ring nobody any more, write what is queued. A second time is fine."""
        if self.wake is not None:
            self.wake.close()
        self.mailbox.close()

    def now(self) -> int:
        """Return the relay's clock in Unix seconds."""
        return self.config.clock()
