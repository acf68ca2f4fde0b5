"""Settings that a program makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import overload

from weft._pyspark.keys import weft_name, weft_value

__all__ = ["WeftConf"]

_HADOOP = "weft.hadoop."


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class WeftConf:
    """Settings of an application, by name.

    All setters give the object itself, so calls can be chained. Names are checked when the context starts.

    Parameters
    ----------
    loadDefaults : bool
        Take the settings that ``weft run --conf`` and the environment give as a beginning.

    Examples
    --------
    >>> conf = WeftConf(loadDefaults=False).setMaster("local[2]").setAppName("counts")
    >>> conf.get("weft.master")
    'local[2]'
    >>> conf.get("weft.task.maxFailures", "4")
    '4'
    >>> sorted(conf.getAll())
    [('weft.app.name', 'counts'), ('weft.master', 'local[2]')]
    """

    def __init__(self, loadDefaults: bool = True) -> None:
        self._settings: dict[str, str] = {}
        if loadDefaults:
            from weft._defaults import default_settings, system_properties

            self._settings.update(default_settings())
            for key, value in system_properties().items():
                if key.startswith(("spark.", "weft.")):
                    self.set(key, value)

    def set(self, key: str, value: object) -> WeftConf:
        """Set one setting; booleans become ``true`` and ``false``.

        A setting of Spark's that Weft has under another name sets that one, too: docs/spark-keys.md.

        Parameters
        ----------
        key : str
            Its name, such as ``weft.default.parallelism`` or ``spark.default.parallelism``.
        value : object
            Its value; stored as text.

        Returns
        -------
        WeftConf
            This object.

        Examples
        --------
        >>> conf = WeftConf(loadDefaults=False).set("spark.default.parallelism", 8)
        >>> conf.get("weft.default.parallelism")
        '8'
        """
        self._settings[key] = _text(value)
        own = weft_name(key)
        if own is not None:
            self._settings[own] = weft_value(key, _text(value)) if key.startswith("spark.") else _text(value)
        return self

    def setIfMissing(self, key: str, value: object) -> WeftConf:
        """Set one setting unless it is set.

        Parameters
        ----------
        key : str
            Its name.
        value : object
            Its value.

        Returns
        -------
        WeftConf
            This object.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).set("weft.a", 1).setIfMissing("weft.a", 2).get("weft.a")
        '1'
        """
        if not self.contains(key):
            self.set(key, value)
        return self

    def setMaster(self, value: str) -> WeftConf:
        """Set where jobs run: ``local[N]``, ``local[N,maxFailures]``, ``local-cluster[C,S,MB]`` or ``yarn``.

        Parameters
        ----------
        value : str
            The master; ``inline`` runs tasks in the program's own process.

        Returns
        -------
        WeftConf
            This object.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).setMaster("local[2]").get("weft.master")
        'local[2]'
        """
        return self.set("weft.master", value)

    def setAppName(self, value: str) -> WeftConf:
        """Set the name that people see.

        Parameters
        ----------
        value : str
            Any text.

        Returns
        -------
        WeftConf
            This object.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).setAppName("counts").get("weft.app.name")
        'counts'
        """
        return self.set("weft.app.name", value)

    def setSparkHome(self, value: str) -> WeftConf:
        """Set ``spark.home``, which has no effect: Weft needs no installation on the workers.

        Parameters
        ----------
        value : str
            Any folder.

        Returns
        -------
        WeftConf
            This object.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).setSparkHome("/opt/spark").get("spark.home")
        '/opt/spark'
        """
        return self.set("spark.home", value)

    @overload
    def setExecutorEnv(self, key: str, value: str | None) -> WeftConf: ...

    @overload
    def setExecutorEnv(self, *, pairs: Iterable[tuple[str, str]]) -> WeftConf: ...

    def setExecutorEnv(
        self,
        key: str | None = None,
        value: str | None = None,
        pairs: Iterable[tuple[str, str]] | None = None,
    ) -> WeftConf:
        """Set environment variables of the workers: one by ``key`` and ``value``, or several by ``pairs``.

        Parameters
        ----------
        key : str, optional
            A variable's name.
        value : str, optional
            Its value.
        pairs : iterable of tuple, optional
            Names and values.

        Returns
        -------
        WeftConf
            This object.

        Raises
        ------
        ValueError
            If neither or both are given.

        Examples
        --------
        >>> conf = WeftConf(loadDefaults=False).setExecutorEnv("LANG", "C.UTF-8")
        >>> conf.setExecutorEnv(pairs=[("A", "1"), ("B", "2")]).get("weft.env.B")
        '2'
        """
        if (key is None) == (pairs is None):
            raise ValueError("setExecutorEnv takes either key and value, or pairs")
        if key is not None:
            self.set(f"weft.env.{key}", value)
        for name, text in pairs or ():
            self.set(f"weft.env.{name}", text)
        return self

    def setAll(self, pairs: Iterable[tuple[str, str | int | float | bool]]) -> WeftConf:
        """Set several settings.

        Parameters
        ----------
        pairs : iterable of tuple
            Names and values, as for :meth:`set`.

        Returns
        -------
        WeftConf
            This object.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).setAll([("weft.a", 1), ("weft.b", True)]).getAll()
        [('weft.a', '1'), ('weft.b', 'true')]
        """
        for key, value in pairs:
            self.set(key, value)
        return self

    @overload
    def get(self, key: str) -> str | None: ...

    @overload
    def get(self, key: str, defaultValue: None) -> str | None: ...

    @overload
    def get(self, key: str, defaultValue: str) -> str: ...

    def get(self, key: str, defaultValue: str | None = None) -> str | None:
        """Give the value of a setting.

        Parameters
        ----------
        key : str
            Its name, Weft's or Spark's.
        defaultValue : str, optional
            What to give if it is not set.

        Returns
        -------
        str or None
            The value as text; ``defaultValue`` if it is not set. Defaults of Weft's own are not known here.

        Examples
        --------
        >>> conf = WeftConf(loadDefaults=False).set("weft.a", 1)
        >>> conf.get("weft.a"), conf.get("weft.b"), conf.get("weft.b", "2")
        ('1', None, '2')
        """
        return self._settings.get(key, self._settings.get(weft_name(key) or "", defaultValue))

    def getAll(self) -> list[tuple[str, str]]:
        """Give all settings as pairs.

        Returns
        -------
        list of tuple
            Names and values, in the order in which they were set first.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).set("weft.a", 1).getAll()
        [('weft.a', '1')]
        """
        return list(self._settings.items())

    def contains(self, key: str) -> bool:
        """Tell whether a setting is set.

        Parameters
        ----------
        key : str
            Its name, Weft's or Spark's.

        Returns
        -------
        bool
            True if it is set.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).setMaster("local").contains("spark.master")
        True
        """
        return key in self._settings or weft_name(key) in self._settings

    def toDebugString(self) -> str:
        """Give the settings as text, one a line, sorted by name.

        Returns
        -------
        str
            Lines ``name=value`` without a line end behind the last.

        Examples
        --------
        >>> print(WeftConf(loadDefaults=False).setMaster("local").set("weft.a", True).toDebugString())
        weft.a=true
        weft.master=local
        """
        return "\n".join(f"{key}={value}" for key, value in sorted(self._settings.items()))

    def copy(self) -> WeftConf:
        """Give another object with the same settings.

        Returns
        -------
        WeftConf
            Changes of either are not seen by the other.

        Examples
        --------
        >>> conf = WeftConf(loadDefaults=False).set("weft.a", 1)
        >>> conf.copy().set("weft.a", 2).get("weft.a"), conf.get("weft.a")
        ('2', '1')
        """
        return WeftConf(loadDefaults=False).setAll(self.getAll())

    def split(self) -> tuple[dict[str, str], dict[str, str]]:
        """Give Weft's own settings, and those for Hadoop (``weft.hadoop.NAME``, by their plain names).

        Returns
        -------
        tuple of dict
            Both by name.

        Examples
        --------
        >>> WeftConf(loadDefaults=False).setAll([("weft.hadoop.io.file.buffer.size", 4096), ("weft.a", 1)]).split()
        ({'weft.a': '1'}, {'io.file.buffer.size': '4096'})
        """
        own = {key: value for key, value in self._settings.items() if not key.startswith(_HADOOP)}
        hadoop = {key[len(_HADOOP) :]: value for key, value in self._settings.items() if key.startswith(_HADOOP)}
        return own, hadoop
