"""The door. Everything the relay can do is in `routes`."""

from contextlib import suppress

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from relay.admission import Admission
from relay.cards import Cards
from relay.config import Config
from relay.confirmed_day import ConfirmedDay
from relay.http import routes
from relay.http.cors import Cors
from relay.http.problems import register_errors
from relay.http.rate_limits import Addresses
from relay.http.services import Services
from relay.long_poll import LongPolls
from relay.mailboxes import Mailboxes
from relay.push.notifier import push_notifier
from relay.receipts import ReceiptSigner, relay_seed
from relay.store.base import Store, StoreFull
from relay.store.files import make_folder
from relay.store.sqlite import SqliteStore


def create_app(config: Config, store: Store | None = None) -> Flask:
    """Wire store, mailbox and routes together; `app.extensions["services"].close()` ends it. Raises StoreError,
    NoAuthority."""
    make_folder(config.data)
    wake = push_notifier(config)
    store = store or SqliteStore(config.data, config.limits.ballast_bytes)
    limits = config.limits
    signer = ReceiptSigner(config.origins[0], relay_seed(config.data, config.random_bytes))
    admission = Admission(limits, store.space(), config.random_bytes)
    long_polls = LongPolls(limits.waiting)
    confirmed_day = ConfirmedDay(config.data, config.clock, config.monotonic, store.highest, config.clock_is_right)
    with suppress(StoreFull):  # the writer tries again
        confirmed_day.save()
    mailbox = Mailboxes(
        store,
        signer=signer,
        admission=admission,
        long_polls=long_polls,
        clock=config.clock,
        confirmed_day=confirmed_day,
        bound=limits.queue,
    )
    cards = Cards(store, mailbox, config.clock, limits.cards)

    app = Flask("relay", static_folder=None)
    addresses = Addresses(
        app,
        per_address=limits.per_address,
        per_loopback=limits.per_loopback,
        clock=config.clock,
        random_bytes=config.random_bytes,
    )
    services = Services(
        config, mailbox=mailbox, admission=admission, signer=signer, cards=cards, addresses=addresses, wake=wake
    )
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # the routes answer it, with CORS
    app.request_class = routes.TightRequest
    app.extensions["mailbox"] = mailbox
    app.extensions["services"] = services
    app.register_blueprint(routes.blueprint(services))
    register_errors(app, services)
    app.wsgi_app = Cors(app.wsgi_app)  # type: ignore[method-assign]
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app
