"""What `weft conf` prints."""

from __future__ import annotations

import pytest

from weft import _conf, _install

pytestmark = pytest.mark.local


def test_every_setting_has_a_type_and_a_description(capsys: pytest.CaptureFixture[str]) -> None:
    _install.ensure_installed()
    known = _conf.definitions()
    assert len(known) > 10
    assert all(one.name.startswith("weft.") and one.type and one.description for one in known)
    assert _conf.main(["--list"]) == 0
    assert capsys.readouterr().out.count("\n    ") == 2 * len(known)


def test_one_setting_is_found_by_name_or_prefix_and_an_unknown_one_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _install.ensure_installed()
    assert _conf.main(["weft.task.maxFailures", "weft.env.TZ"]) == 0
    assert "default 4" in capsys.readouterr().out
    assert _conf.main(["weft.no.such"]) == 2
    assert "weft.no.such is not a setting" in capsys.readouterr().err
