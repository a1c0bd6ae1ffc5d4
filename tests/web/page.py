# SPDX-License-Identifier: Apache-2.0
"""What every page of ours must hold to: reads the HTML, needs no browser.

problems(text) gives one line for each thing that is wrong: resources from outside, script, a style
sheet that the page's own policy would refuse, double ids, links to nowhere, skipped heading levels,
table headers without scope, colours with too little contrast.
"""
import base64
import hashlib
import html.parser
import re

VOID = {"meta", "br", "wbr", "rect", "link", "img", "input", "hr"}
MIN_CONTRAST = 4.5  # WCAG 2.1 AA, normal text
TEXT_COLOURS = ("ink", "soft", "link", "critical", "high", "medium", "low", "info")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.problems, self.open, self.ids, self.targets = [], [], set(), []
        self.headings, self.styles, self.policy = [], [], None
        self.feed(text)
        self.close()
        if self.open:
            self.problems.append("not closed: %s" % self.open)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("script", "iframe", "object", "embed", "form", "link"):
            self.problems.append("<%s> does not belong here" % tag)
        for name, value in attributes.items():
            self.check_attribute(tag, name, value or "")
        if tag == "th" and attributes.get("scope") not in ("col", "row"):
            self.problems.append("a table header without scope")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        if tag == "style":
            self.styles.append("")
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def check_attribute(self, tag, name, value):
        if name.startswith("on") or name == "style":
            self.problems.append("<%s %s>" % (tag, name))
        if name in ("src", "srcset", "action", "background", "poster"):
            self.problems.append("<%s %s> loads something" % (tag, name))
        if name == "href":
            if not value.startswith("#"):
                self.problems.append("a link to outside: " + value)
            self.targets.append(value[1:])
        if name == "id":
            if value in self.ids:
                self.problems.append("two elements with id " + value)
            self.ids.add(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.problems.append("</%s> closes something else" % tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.styles[-1] += data
        elif self.headings and self.open and any(re.fullmatch("h[1-6]", tag) for tag in self.open):
            self.headings[-1][1] += data


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def contrast_problems(style):
    """Each :root block is one colour scheme."""
    schemes = [dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))
               for block in re.findall(r":root \{(.*?)\}", style, re.S)]
    if len(schemes) < 2:
        yield "no second colour scheme"
    for scheme in schemes:
        for name in TEXT_COLOURS:
            found = contrast(scheme[name], scheme["paper"])
            if found < MIN_CONTRAST:
                yield "--%s %s on %s has contrast %.1f" % (name, scheme[name], scheme["paper"], found)


def policy_problems(page):
    if not page.policy:
        yield "no content security policy"
        return
    if "default-src 'none'" not in page.policy or "unsafe" in page.policy:
        yield "the policy is weak: " + page.policy
    for style in page.styles:
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        if "'sha256-%s'" % digest not in page.policy:
            yield "the policy refuses the page's own style sheet"
        if "url(" in style or "@import" in style:
            yield "a style sheet loads something"


def problems(text):
    page = Page(text)
    yield from page.problems
    yield from policy_problems(page)
    yield from contrast_problems(page.styles[0])
    for target in page.targets:
        if target not in page.ids:
            yield "a link to nowhere: #" + target
    levels = [level for level, _ in page.headings]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield "not one h1 at the top"
    for (before, _), (level, title) in zip(page.headings, page.headings[1:]):
        if level > before + 1:
            yield "heading %r skips a level" % title
