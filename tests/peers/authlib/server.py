"""PyPI Authlib as an authorization server for the tests: device flow, refresh, revocation.

CREDLATCH_AUTHLIB says how it treats refresh tokens: "keep" returns no new one, "grace" rotates them and takes a replaced
one for another minute. It listens on a free port of 127.0.0.1. Standard output has one JSON object a line and no secret:
first {"port"}, then {"request"} for each request, and {"grant", "error"} for each answer of the token endpoint. It ends
when its standard input does, so that it never outlives the test that started it.
"""

import json
import logging
import os
import sys
import threading
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback only

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE, DeviceAuthorizationEndpoint, DeviceCodeGrant
from authlib.oauth2.rfc8628.models import DeviceCredentialDict
from flask import Flask, request
from werkzeug.serving import make_server

ROTATES = os.environ.get("CREDLATCH_AUTHLIB", "keep") == "grace"
GRACE_SECS = 60
CLIENT = "credlatch-test"

lock = threading.Lock()
tokens, devices, decisions = [], {}, {}


def say(line):
    with lock:
        print(json.dumps(line), flush=True)


class Client(ClientMixin):
    def get_client_id(self):
        return CLIENT

    def get_allowed_scope(self, scope):
        return scope

    def check_client_secret(self, client_secret):
        return False

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "none"

    def check_grant_type(self, grant_type):
        return grant_type in ("refresh_token", DEVICE_CODE_GRANT_TYPE)


class Token(TokenMixin):
    def __init__(self, values):
        self.access = values["access_token"]
        self.refresh = values.get("refresh_token")
        self.scope = values.get("scope", "")
        self.expires_in = values["expires_in"]
        self.made = time.time()
        self.replaced = self.revoked = None

    def check_client(self, client):
        return True

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.expires_in

    def is_expired(self):
        return time.time() > self.made + self.expires_in

    def is_revoked(self):
        return bool(self.revoked)

    def get_user(self):
        return "someone"

    def get_client(self):
        return Client()


class Refresh(RefreshTokenGrant):
    INCLUDE_NEW_REFRESH_TOKEN = ROTATES
    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]

    def authenticate_refresh_token(self, refresh_token):
        for token in tokens:
            in_time = token.replaced is None or time.time() < token.replaced + GRACE_SECS
            if token.refresh == refresh_token and in_time and not token.revoked:
                return token
        return None

    def authenticate_user(self, refresh_token):
        return "someone"

    def revoke_old_credential(self, refresh_token):
        if ROTATES and refresh_token.replaced is None:
            refresh_token.replaced = time.time()


class Device(DeviceCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]

    def query_device_credential(self, device_code):
        return devices.get(device_code)

    def query_user_grant(self, user_code):
        return ("someone", True) if decisions.get(user_code) else None

    def should_slow_down(self, credential):
        return False


class Authorization(DeviceAuthorizationEndpoint):
    CLIENT_AUTH_METHODS = ["none"]

    def get_verification_uri(self):
        return request.host_url + "device"

    def save_device_credential(self, client_id, scope, data):
        values = {"client_id": client_id, "scope": scope, "expires_at": time.time() + data["expires_in"], **data}
        devices[data["device_code"]] = DeviceCredentialDict(values)


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = ["none"]

    def query_token(self, token_string, token_type_hint):
        return next((token for token in tokens if token_string in (token.access, token.refresh)), None)

    def revoke_token(self, token, request):
        token.revoked = True


app = Flask(__name__)
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
server = AuthorizationServer(
    app,
    query_client=lambda client_id: Client() if client_id == CLIENT else None,
    save_token=lambda token, request: tokens.append(Token(token)),
)
server.register_grant(Refresh)
server.register_grant(Device)
server.register_endpoint(Authorization)
server.register_endpoint(Revocation)


@app.post("/device_authorization")
def device_authorization():
    say({"request": "device"})
    return server.create_endpoint_response("device_authorization")


@app.post("/token")
def token():
    say({"request": "token"})
    response = server.create_token_response()
    error = (response.get_json(silent=True) or {}).get("error")
    say({"grant": request.form.get("grant_type"), "error": error})
    return response


@app.post("/revoke")
def revoke():
    say({"request": "revoke"})
    return server.create_endpoint_response("revocation")


@app.get("/test/approve")
def approve():
    decisions[request.args["user_code"]] = True
    return "", 204


logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
http = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=http.serve_forever, daemon=True).start()
say({"port": http.server_port})
sys.stdin.read()
