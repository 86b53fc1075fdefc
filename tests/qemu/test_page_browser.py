"""The control page in a browser."""
import os
import re
import tempfile

import pytest
from conftest import DROPS, FACTS, ROOT, assert_nothing_missing
from control_page import LIMIT_S
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait


@pytest.fixture
def browse():
    """browse(device) opens the page in a browser of its own and waits until it is live."""
    browsers = []
    folder = tempfile.TemporaryDirectory(prefix="ringif-", ignore_cleanup_errors=True)  # what browsers leave behind

    def start(device, size="1200,1600"):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                       f"--window-size={size}", "--no-proxy-server"):
            options.add_argument(option)
        service = webdriver.chrome.service.Service("/usr/bin/chromedriver",
                                                   env={**os.environ, "TMPDIR": folder.name})
        browser = webdriver.Chrome(service=service, options=options)
        browsers.append(browser)
        browser.get(f"http://{device.host}/")
        wait(browser, lambda b: b.execute_script("return document.body.dataset.state") == "live")
        return browser

    yield start
    for browser in browsers:
        browser.quit()
    folder.cleanup()


def wait(browser, condition):
    return WebDriverWait(browser, LIMIT_S, poll_frequency=0.1).until(condition)


def card(browser, device):
    found = browser.find_elements(By.CSS_SELECTOR, f"#cards [data-device={device}]")
    return found[0] if found else None


def figure(browser, device, name):
    shown = card(browser, device).find_elements(By.CSS_SELECTOR, f"[data-figure={name}]")
    return shown[0].text if shown else ""


def press(browser, device, action):
    """Presses a button, and waits for the device's answer."""
    before = browser.find_element(By.ID, "said").text
    button = browser.find_element(By.CSS_SELECTOR,
                                  f"[data-device={device}] [data-action={action}]:not([hidden])")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    return wait(browser, lambda b: (text := b.find_element(By.ID, "said").text) != before and text)


def test_the_page_installs_steers_and_uninstalls_a_driver(page, browse):
    guest, device = page
    browser = browse(device)
    assert figure(browser, FACTS.device, "ip").startswith("10.0.2.15/24 by DHCP")
    assert card(browser, "sim1") is None
    assert press(browser, "sim1", "install").endswith("nic install sim: done")
    wait(browser, lambda b: card(b, "sim1"))
    assert card(browser, "sim1").get_attribute("data-name") == FACTS.next_interface
    guest.ask("nic list", rf"sim1 +{FACTS.next_interface} +active")
    for sim in ("sim0", "sim1"):  # eight pings at its first tick
        wait(browser, lambda b, sim=sim: int(figure(b, sim, "in_pkts")) >= 8)
        assert int(figure(browser, sim, "out_pkts")) >= 8
    forms = card(browser, "sim1").find_elements(By.TAG_NAME, "form")
    Select(forms[0].find_element(By.NAME, "fault")).select_by_visible_text("drop")
    field = forms[0].find_element(By.NAME, "probability")
    field.clear()
    field.send_keys("1000")
    assert press(browser, "sim1", "inject").endswith(f"nic fault {FACTS.next_interface} drop 1000: done")
    guest.ask(f"nic fault {FACTS.next_interface}", r"drop +1000 of 1000")
    assert press(browser, "sim1", "clear").endswith(f"nic fault {FACTS.next_interface} all 0: done")
    Select(forms[1].find_element(By.NAME, "profile")).select_by_visible_text("flood")
    for name, value in (("burst", "4"), ("period", "200")):
        forms[1].find_element(By.NAME, name).clear()
        forms[1].find_element(By.NAME, name).send_keys(value)
    assert "flood, 4 frames every 200 ms" in press(browser, "sim1", "profile")
    guest.expect(r"sim1 tick \d+: 4 requests, 4 right")
    for way in ("in", "out"):  # 20 a second, by the guest's clock; the ticks are not the samples
        wait(browser, lambda b, way=way: re.fullmatch(r"1\d(\.\d+)?|2\d(\.\d+)?", figure(b, "sim1", f"{way}_rate")))
    for action, state in (("suspend", "low power"), ("resume", "enabled"), ("disable", "disabled"),
                          ("enable", "enabled")):
        assert press(browser, "sim1", action).endswith(": done")
        wait(browser, lambda b, state=state: figure(b, "sim1", "state") == f"[activated {state}]")
    browser.save_screenshot(os.path.join(ROOT, "build", "control-page.png"))
    assert press(browser, "sim1", "uninstall").endswith(f"nic uninstall {FACTS.next_interface}: done")
    wait(browser, lambda b: card(b, "sim1") is None)
    guest.ask("nic list", r"sim1 +- +- +- +\[available\]")
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert_nothing_missing(guest)


def test_two_browsers_and_a_console_see_the_same(page, browse):
    guest, device = page
    first, second = browse(device), browse(device, "360,800")
    press(first, "sim0", "disable")
    wait(second, lambda b: figure(b, "sim0", "state") == "[activated disabled]")
    guest.ask("nic list", rf"sim0 +{FACTS.simulated} +invalid +\S+ +\[activated disabled\]")
    guest.ask("nic install sim", "done")
    for browser in (first, second):
        wait(browser, lambda b: card(b, "sim1"))
    guest.ask(f"nic uninstall {FACTS.simulated}", "done")
    for browser in (first, second):
        wait(browser, lambda b: card(b, "sim0") is None)
    # On a phone nothing is wider than the screen.
    assert second.execute_script(
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_page_asks_before_it_cuts_itself_off_and_says_when_it_is(page, browse):
    guest, device = page
    browser = browse(device)

    def answer(value):
        browser.find_element(By.CSS_SELECTOR, f"#cards [data-device={FACTS.device}] [data-action=disable]").click()
        wait(browser, lambda b: b.find_element(By.ID, "ask").is_displayed())
        browser.find_element(By.CSS_SELECTOR, f"#ask [value={value}]").click()

    answer("no")
    assert device.devices()[FACTS.device]["state"] == "activated enabled"
    answer("yes")
    guest.expect(r"en0 down")
    wait(browser, lambda b: b.execute_script("return document.body.dataset.state") == "lost")
    guest.ask("nic enable en0", r"en0 up 10\.0\.2\.15/24")
    wait(browser, lambda b: b.execute_script("return document.body.dataset.state") == "live")


def test_the_page_knows_every_cause_of_a_drop():
    page = open(os.path.join(ROOT, "app", "page", "index.html"), encoding="utf-8").read()
    causes = " ".join(re.findall(r'"([^"]*)"', re.search(r"const CAUSES = (.*?);", page, re.S).group(1)))
    assert causes.split() == DROPS


def test_the_page_knows_every_profile_of_the_simulated_peer():
    peer = open(os.path.join(ROOT, "driver", "device", "sim_peer.c"), encoding="utf-8").read()
    page = open(os.path.join(ROOT, "app", "page", "index.html"), encoding="utf-8").read()
    choice = re.search(r'<select name="profile".*?</select>', page, re.S).group(0)
    names = re.search(r"profile_names\[.*?\] = \{(.*?)\};", peer, re.S).group(1)
    assert re.findall(r"<option>(\w+)", choice) == re.findall(r'"(\w+)"', names)


def test_the_page_is_small_and_needs_nothing_from_elsewhere(page):
    _, device = page
    status, headers, body = device.get("/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert len(body.encode()) < 40 * 1024
    assert body == open(os.path.join(ROOT, "app", "page", "index.html"), encoding="utf-8").read()
    assert not re.search(r"(src|href)=\"?(https?:)?//|@import|url\(\"?http", body)
