"""As much of a browser as a sign-in needs: cookies, redirects, forms that go on by themselves, and pages that ask again."""

import http.client
import re
import time
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.refresh = [], None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append({"action": given["action"], "method": given.get("method", "get"), "fields": {}})
        elif tag == "input" and self.forms and "name" in given and given.get("type") == "hidden":
            self.forms[-1]["fields"][given["name"]] = given.get("value", "")
        elif tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.refresh = re.sub(r"^\d+;\s*url=", "", given["content"], flags=re.IGNORECASE)


class Browser:
    """Everything is on one host, and cookies don't know ports."""

    def __init__(self):
        self.cookies, self.url, self.status, self.text = {}, None, None, None

    def go(self, url, fields=None):
        for _ in range(20):
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
            headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
            if fields is not None:
                headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin()}
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET" if fields is None else "POST", path, fields and urlencode(fields), headers)
            answer = connection.getresponse()
            self._keep(answer.msg.get_all("Set-Cookie") or [])
            self.url, self.status, self.text = url, answer.status, answer.read().decode()
            if answer.status not in (302, 303):
                return self
            url, fields = urljoin(url, answer.headers["Location"]), None
        raise AssertionError(f"redirected in circles: {self.url}")

    def _origin(self):
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def _keep(self, lines):
        for line in lines:
            name, _, value = line.split(";")[0].partition("=")
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def page(self):
        parser = _Forms()
        parser.feed(self.text)
        return parser

    def submit(self, more=()):
        form = self.page().forms[0]
        return self.go(urljoin(self.url, form["action"]), form["fields"] | dict(more))

    def settle(self, place):
        """Goes on as scripts and waiting pages do, until the browser stands at `place`."""
        deadline = time.monotonic() + 60
        while not self.url.startswith(place):
            page = self.page()
            if page.refresh:
                time.sleep(0.5)
                self.go(urljoin(self.url, page.refresh))
            elif self.status == 200 and page.forms:
                self.submit()
            else:
                raise AssertionError(f"stopped at {self.url}: {self.status} {self.text}")
            if time.monotonic() > deadline:
                raise AssertionError(f"still at {self.url}")
        return self
