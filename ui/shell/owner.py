"""Who is asking: each browser holds a secret of its own in a cookie, and its hash owns that browser's data and runs."""

from __future__ import annotations

import hashlib
import re
import secrets

import streamlit as st

COOKIE = "daylight_owner"
YEAR = 365 * 24 * 3600  # seconds that a browser keeps the cookie
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # what secrets.token_urlsafe(32) makes
SESSION = "_owner_token"


def owner_of(token: str) -> str:
    """Return the owner's name in records, SHA-256 in hex; the secret itself is stored nowhere on the server."""
    return hashlib.sha256(token.encode()).hexdigest()


def current_owner() -> str:
    """Return this browser's owner, and give a browser without a (well-formed) secret a new one.

    The cookie is read when the browser connects, so that it survives a reload; within a session the session remembers
    it. It is kept from other sites (``SameSite=Strict``) and, behind HTTPS, from plain connections (``Secure``).
    """
    token = st.session_state.get(SESSION)
    if token is None:
        sent = st.context.cookies.get(COOKIE, "")
        token = sent if isinstance(sent, str) and TOKEN.fullmatch(sent) else secrets.token_urlsafe(32)
        st.session_state[SESSION] = token
    if st.context.cookies.get(COOKIE) != token:
        _set_cookie(token)
    return owner_of(token)


def _set_cookie(token: str) -> None:
    """Have the browser keep the secret; the token is of our own making and holds only URL-safe characters."""
    st.html(
        f"""<script>
        const secure = location.protocol === "https:" ? "; Secure" : "";
        document.cookie = "{COOKIE}={token}; Max-Age={YEAR}; Path=/; SameSite=Strict" + secure;
        </script>""",
        unsafe_allow_javascript=True,
        width="content",
    )
