"""A certificate authority that lasts as long as one run, and vouches for whatever host is asked for."""

import ssl
import subprocess
import tempfile
import threading
from pathlib import Path


class Authority:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="authority-"))
        self.certificate = self.folder / "ca.pem"
        self._lock = threading.Lock()
        self._contexts = {}
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem")
        self._openssl(
            "req", "-x509", "-new", "-key", "key.pem", "-days", "2", "-subj", "/CN=an authority of the tests",
            "-addext", "keyUsage=critical,keyCertSign", "-out", "ca.pem",
        )
        self._openssl("req", "-new", "-key", "key.pem", "-subj", "/CN=stub", "-out", "stub.csr")

    def context(self):
        """What a server needs to answer as any host: the certificate is made when the client has named the host."""
        context = self._context_of("localhost")

        def named(socket, host, _):
            socket.context = self._context_of(host or "localhost")

        context.sni_callback = named
        return context

    def _context_of(self, host):
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self._certify(host), self.folder / "key.pem")
                context.set_alpn_protocols(["http/1.1"])
                self._contexts[host] = context
            return self._contexts[host]

    def _certify(self, host):
        name = str(len(self._contexts))
        extensions = f"subjectAltName=DNS:{host},IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
        (self.folder / f"{name}.ext").write_text(extensions)
        self._openssl(
            "x509", "-req", "-in", "stub.csr", "-CA", "ca.pem", "-CAkey", "key.pem", "-CAcreateserial", "-days", "2",
            "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )
        return self.folder / f"{name}.pem"

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
