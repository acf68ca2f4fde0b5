"""Joins purchases with customers: an own partitioner, aggregateByKey, combineByKey, cogroup, joins of all kinds."""

from collections import Counter, namedtuple

from pyspark import SparkContext
from pyspark.rdd import portable_hash

Purchase = namedtuple("Purchase", ["customer", "shop", "cents"])
COUNTRIES = ["de", "fr", "it", "pl"]


def purchase(line):
    customer, shop, cents = line.split(",")
    return Purchase(int(customer), shop, int(cents))


def by_country(key):
    return COUNTRIES.index(key[0]) if key[0] in COUNTRIES else portable_hash(key)


def add_shop(shops, shop):
    shops[shop] += 1
    return shops


if __name__ == "__main__":
    sc = SparkContext("local[3]", "purchases")
    lines = [f"{i * 37 % 23},shop{i * 11 % 5},{i * 7919 % 10_000}" for i in range(600)]
    purchases = sc.parallelize(lines, 5).map(purchase).keyBy(lambda p: p.customer)
    customers = sc.parallelize([(n, (COUNTRIES + ["xx"])[n % 5]) for n in range(0, 30, 2)], 3)

    shops = purchases.mapValues(lambda p: p.shop).aggregateByKey(Counter(), add_shop, lambda a, b: a + b)
    for customer, counted in sorted(shops.collect())[:4]:
        print(customer, sorted(counted.items()))
    spent = purchases.mapValues(lambda p: p.cents).combineByKey(
        lambda cents: (cents, 1), lambda a, cents: (a[0] + cents, a[1] + 1), lambda a, b: (a[0] + b[0], a[1] + b[1])
    )
    print(sorted(spent.mapValues(lambda a: a[0] // a[1]).collectAsMap().items())[:6])
    print(spent.values().fold((0, 0), lambda a, b: (a[0] + b[0], a[1] + b[1])))

    both = purchases.cogroup(customers)
    print(sorted((key, len(list(bought)), list(who)) for key, (bought, who) in both.collect()))
    print(sorted(customers.leftOuterJoin(spent).collect())[-4:])
    print(sorted(customers.fullOuterJoin(spent).filter(lambda pair: None in pair[1]).keys().collect()))
    print(purchases.subtractByKey(customers).count(), sorted(spent.rightOuterJoin(customers).keys().collect())[-3:])

    placed = customers.map(lambda pair: (pair[1], pair[0])).map(lambda pair: (pair, 1)).partitionBy(4, by_country)
    print(placed.keys().mapPartitionsWithIndex(lambda i, keys: [(i, sorted(keys))]).collect())
    by_shop = purchases.map(lambda pair: (pair[1].shop, pair[1].cents))
    print(sorted(by_shop.foldByKey(0, max).collect()), sorted(by_shop.countByKey().items()))
    print(purchases.mapValues(lambda p: p.cents).lookup(14)[:5], purchases.first()[1])
    print(sorted(purchases.groupWith(customers, spent).mapValues(lambda parts: [len(p) for p in parts]).collect())[:3])
    sc.stop()
