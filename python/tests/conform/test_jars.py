"""Java classes of a program's own: converters, Writables and formats in a jar."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from weft import WeftConf, WeftContext, _install
from weft.errors import InputMissingError, SettingError

pytestmark = [pytest.mark.local, pytest.mark.skipif(shutil.which("javac") is None, reason="no javac")]

TEXT = "org.apache.hadoop.io.Text"
SOURCES = {
    "Doubles": """
        public class Doubles extends org.apache.hadoop.io.ArrayWritable {
            public Doubles() { super(org.apache.hadoop.io.DoubleWritable.class); }
        }""",
    "ToDoubles": """
        import org.apache.hadoop.io.*;
        public class ToDoubles implements org.apache.spark.api.python.Converter<Object, Writable> {
            public Writable convert(Object value) {
                double[] from = (double[]) value;
                Writable[] to = new Writable[from.length];
                for (int i = 0; i < from.length; i++) { to[i] = new DoubleWritable(from[i]); }
                Doubles all = new Doubles();
                all.set(to);
                return all;
            }
        }""",
    "FromDoubles": """
        import org.apache.hadoop.io.*;
        public class FromDoubles {
            public Object convert(Object value) {
                Writable[] from = ((Doubles) value).get();
                double[] to = new double[from.length];
                for (int i = 0; i < from.length; i++) { to[i] = ((DoubleWritable) from[i]).get(); }
                return to;
            }
        }""",
    "Upper": """
        public class Upper {
            public String convert(Object value) { return value.toString().toUpperCase(java.util.Locale.ROOT); }
        }""",
    "NotAConverter": "public class NotAConverter {}",
    "Failing": """
        public class Failing {
            public Object convert(Object value) { throw new IllegalStateException("cannot take " + value); }
        }""",
    "Point": """
        import java.io.*;
        public class Point implements org.apache.hadoop.io.Writable {
            private int x;
            public int getX() { return x; }
            public boolean isFar() { return x > 10; }
            public void write(DataOutput out) throws IOException { out.writeInt(x); }
            public void readFields(DataInput in) throws IOException { x = in.readInt(); }
        }""",
    "ToPoint": """
        import java.io.*;
        public class ToPoint {
            public Object convert(Object value) throws IOException {
                Point point = new Point();
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                new DataOutputStream(bytes).writeInt((Integer) value);
                point.readFields(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
                return point;
            }
        }""",
    "Squares": """
        import java.util.*;
        import java.io.*;
        import org.apache.hadoop.io.*;
        import org.apache.hadoop.mapreduce.*;
        public class Squares extends InputFormat<IntWritable, LongWritable> {
            public static class Part extends InputSplit implements Writable {
                private int from;
                public long getLength() { return 1; }
                public String[] getLocations() { return new String[] {"localhost"}; }
                public void write(DataOutput out) throws IOException { out.writeInt(from); }
                public void readFields(DataInput in) throws IOException { from = in.readInt(); }
            }
            public List<InputSplit> getSplits(JobContext context) {
                List<InputSplit> parts = new ArrayList<>();
                for (int i = 0; i < context.getConfiguration().getInt("squares.parts", 1); i++) {
                    Part part = new Part();
                    part.from = i * 2;
                    parts.add(part);
                }
                return parts;
            }
            public RecordReader<IntWritable, LongWritable> createRecordReader(InputSplit split, TaskAttemptContext context) {
                final Part part = (Part) split;
                return new RecordReader<IntWritable, LongWritable>() {
                    private int at = part.from - 1;
                    public void initialize(InputSplit split, TaskAttemptContext context) {}
                    public boolean nextKeyValue() { return ++at < part.from + 2; }
                    public IntWritable getCurrentKey() { return new IntWritable(at); }
                    public LongWritable getCurrentValue() { return new LongWritable((long) at * at); }
                    public float getProgress() { return 0; }
                    public void close() {}
                };
            }
        }""",
}


def build_jar(folder: Path) -> str:
    """Compile the classes above."""
    sources, classes = folder / "src", folder / "classes"
    for name, text in SOURCES.items():
        file = sources / "example" / f"{name}.java"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"package example;\n{text}\n")
    _install.ensure_installed()
    command = [
        "javac",
        "-nowarn",
        "-proc:none",
        "--release",
        "17",
        "-cp",
        f"{_install.lib_folder()}/*",
        "-d",
        str(classes),
    ]
    subprocess.run([*command, *map(str, sorted(sources.rglob("*.java")))], check=True, timeout=120)
    jar = folder / "example.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        for path in sorted(classes.rglob("*.class")):
            archive.write(path, str(path.relative_to(classes)))
    return str(jar)


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build_jar(tmp_path_factory.mktemp("jar"))


@pytest.fixture(scope="module", params=["local[2]", pytest.param("local-cluster[2,1,512]", marks=pytest.mark.cluster)])
def sc(request: pytest.FixtureRequest, jar: str) -> Iterator[WeftContext]:
    with WeftContext(request.param, conf=WeftConf().set("spark.jars", jar)) as made:
        yield made


def test_a_jar_that_is_missing_is_named() -> None:
    with pytest.raises(InputMissingError, match=r"nowhere\.jar of weft\.jars does not exist"):
        WeftContext("local[1]", conf=WeftConf().set("spark.jars", "/nowhere.jar"))


def test_converters_of_a_jar_turn_values_into_what_is_written_and_back(sc: WeftContext, tmp_path: Path) -> None:
    from array import array

    folder = str(tmp_path / "out")
    pairs = [("a", array("d", [1.5, 2.5])), ("b", array("d"))]
    name = "org.apache.hadoop.mapred.SequenceFileOutputFormat"
    sc.parallelize(pairs, 2).saveAsHadoopFile(folder, name, valueConverter="example.ToDoubles")
    assert sorted(sc.sequenceFile(folder).collect()) == [("a", (1.5, 2.5)), ("b", ())]
    read = sc.sequenceFile(folder, keyConverter="example.Upper", valueConverter="example.FromDoubles")
    assert sorted(read.collect(), key=lambda pair: pair[0]) == [("A", pairs[0][1]), ("B", pairs[1][1])]


def test_another_writable_becomes_a_dict_of_what_its_getters_give(sc: WeftContext, tmp_path: Path) -> None:
    folder = str(tmp_path / "out")
    name = "org.apache.hadoop.mapreduce.lib.output.SequenceFileOutputFormat"
    sc.parallelize([("a", 7)], 1).saveAsNewAPIHadoopFile(folder, name, valueConverter="example.ToPoint")
    assert sc.sequenceFile(folder).collect() == [("a", {"__class__": "example.Point", "x": 7, "far": False})]


def test_a_format_of_a_jar_that_reads_no_files_gives_its_splits(sc: WeftContext) -> None:
    io = "org.apache.hadoop.io."
    read = sc.newAPIHadoopRDD("example.Squares", io + "IntWritable", io + "LongWritable", conf={"squares.parts": "3"})
    assert read.glom().collect() == [[(0, 0), (1, 1)], [(2, 4), (3, 9)], [(4, 16), (5, 25)]]


def test_a_class_without_convert_is_no_converter(sc: WeftContext, tmp_path: Path) -> None:
    folder = str(tmp_path / "out")
    sc.parallelize([("a", 1)], 1).saveAsSequenceFile(folder)
    with pytest.raises(SettingError, match=r"example\.NotAConverter is no converter: it has no public method convert"):
        sc.sequenceFile(folder, valueConverter="example.NotAConverter").collect()
    with pytest.raises(Exception, match="cannot take 1"):
        sc.sequenceFile(folder, valueConverter="example.Failing").collect()
    with pytest.raises(SettingError, match=r"example\.Missing is not on the class path\. Give its jar with --jars"):
        sc.sequenceFile(folder, keyConverter="example.Missing").collect()
