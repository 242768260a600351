"""Speaks TLS on loopback, and hands what it reads to a server that does not.

tls-front.py UPSTREAM_PORT CERT KEY [CLIENT_CA]
"""

import socket
import ssl
import sys
import threading

upstream, cert, key, *client_ca = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
# Some certificates are bad on purpose.
context.set_ciphers("DEFAULT:@SECLEVEL=0")
context.load_cert_chain(cert, key)
if client_ca:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client_ca[0])


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    try:
        client = context.wrap_socket(client, server_side=True)
        server = socket.create_connection(("127.0.0.1", int(upstream)))
    except OSError:
        client.close()
        return
    threading.Thread(target=copy, args=(client, server), daemon=True).start()
    copy(server, client)
    client.close()


listener = socket.create_server(("127.0.0.1", 0))
print(f"listens on {listener.getsockname()[1]}.", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
