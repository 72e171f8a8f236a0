"""The compose files keep the ports, topics, volumes and start order that the README promises."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from leaderboard.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEFAULTS = Settings.model_construct()
Services = dict[str, dict[str, Any]]


def interpolated(text: str) -> str:
    """Text as compose reads it when none of the variables is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(interpolated((ROOT / name).read_text()))
    return loaded


def kraft() -> Services:
    services: Services = load("docker-compose.yml")["services"]
    return services


def zookeeper() -> Services:
    """Both files as compose merges them: maps by key, other values replaced."""
    services = kraft()
    for name, change in load("docker-compose.zookeeper.yml")["services"].items():
        old = services.get(name, {})
        depends_on = {**old.get("depends_on", {}), **change.get("depends_on", {})}
        services[name] = {**old, **change, **({"depends_on": depends_on} if depends_on else {})}
    return services


TOPOLOGIES = pytest.mark.parametrize("services", [kraft(), zookeeper()], ids=["kraft", "zookeeper"])


def overrides() -> dict[str, str]:
    """Kafka's settings in the ZooKeeper topology."""
    command = zookeeper()["kafka"]["command"]
    return dict(word.split("=", 1) for word in command if "=" in word)


@TOPOLOGIES
def test_every_image_is_pinned_to_a_full_version(services: Services) -> None:
    for service in services.values():
        assert re.search(r":v?\d+\.\d+\.\d+(-[a-z0-9.]+)?$", service["image"])


def test_the_versions_are_those_promised() -> None:
    assert kraft()["kafka"]["image"] == kraft()["topics"]["image"] == "apache/kafka:4.3.1"
    assert zookeeper()["kafka"]["image"].startswith("apache/kafka:3.9.")
    assert zookeeper()["topics"]["image"] == zookeeper()["kafka"]["image"]
    assert zookeeper()["zookeeper"]["image"].startswith("zookeeper:3.8.")
    assert int(kraft()["redis"]["image"].split(":")[1].split(".")[0]) >= 7


@TOPOLOGIES
def test_ports_are_published_on_this_machine_only(services: Services) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert published == {
        "kafka": [f"127.0.0.1:{DEFAULTS.kafka_port}:9092"],
        "redis": [f"127.0.0.1:{DEFAULTS.redis_port}:6379"],
        "kafka-ui": ["127.0.0.1:8080:8080"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3000:3000"],
        **({"zookeeper": ["127.0.0.1:2181:2181"]} if "zookeeper" in services else {}),
    }


@TOPOLOGIES
def test_every_server_has_a_health_check_and_comes_back(services: Services) -> None:
    for name in set(services) - {"topics"}:
        check = services[name]["healthcheck"]
        assert check["test"][0] in ("CMD", "CMD-SHELL")
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)
        assert services[name]["restart"] == "unless-stopped"


@TOPOLOGIES
def test_servers_start_in_order(services: Services) -> None:
    needs = {
        name: {other: how["condition"] for other, how in service["depends_on"].items()}
        for name, service in services.items()
        if "depends_on" in service
    }

    assert needs == {
        "topics": {"kafka": "service_healthy"},
        "kafka-ui": {"kafka": "service_healthy", "topics": "service_completed_successfully"},
        "grafana": {"prometheus": "service_healthy"},
        **({"kafka": {"zookeeper": "service_healthy"}} if "zookeeper" in services else {}),
    }


def listeners(text: str) -> dict[str, str]:
    return dict(one.split("://") for one in text.split(","))


ADVERTISED = {"HOST": f"localhost:{DEFAULTS.kafka_port}", "INTERNAL": "kafka:9093"}


def test_kraft_listens_for_host_containers_and_controller() -> None:
    env = kraft()["kafka"]["environment"]

    assert listeners(env["KAFKA_ADVERTISED_LISTENERS"]) == ADVERTISED
    assert listeners(env["KAFKA_LISTENERS"]) == {
        "HOST": ":9092",
        "INTERNAL": ":9093",
        "CONTROLLER": ":9094",
    }
    assert env["KAFKA_CONTROLLER_QUORUM_VOTERS"] == "1@kafka:9094"
    assert env["KAFKA_PROCESS_ROLES"] == "broker,controller"
    protocols = dict(
        one.split(":") for one in env["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    assert set(protocols) == set(listeners(env["KAFKA_LISTENERS"]))


def test_the_cluster_id_is_16_bytes_in_base64() -> None:
    assert re.fullmatch(
        r"[A-Za-z0-9][A-Za-z0-9_-]{21}", kraft()["kafka"]["environment"]["CLUSTER_ID"]
    )


def test_zookeeper_kafka_is_the_same_broker_without_a_controller() -> None:
    settings = overrides()
    env = kraft()["kafka"]["environment"]
    of_kraft = {
        k[6:].lower().replace("_", "."): v for k, v in env.items() if k.startswith("KAFKA_")
    }

    assert settings["zookeeper.connect"] == "zookeeper:2181"
    assert listeners(settings["advertised.listeners"]) == ADVERTISED
    differ = {"listeners", "listener.security.protocol.map"}
    for key in set(settings) & set(of_kraft) - differ:
        assert settings[key] == of_kraft[key], key
    only_here = set(settings) - set(of_kraft)
    assert only_here == {"broker.id", "zookeeper.connect"}


@TOPOLOGIES
def test_those_inside_use_the_port_between_containers(services: Services) -> None:
    assert services["kafka-ui"]["environment"]["KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS"] == "kafka:9093"
    assert services["topics"]["environment"]["BROKER"] == "kafka:9093"
    assert "kafka:9093" in services["kafka"]["healthcheck"]["test"]


def test_redis_keeps_an_append_only_file_in_data() -> None:
    redis = kraft()["redis"]

    assert redis["volumes"] == ["./data/redis:/data"]
    assert " ".join(redis["command"]).startswith("redis-server --appendonly yes")


def test_each_topology_keeps_kafkas_data_in_a_volume_of_its_own() -> None:
    assert kraft()["kafka"]["volumes"] == ["kafka:/var/lib/kafka/data"]
    assert zookeeper()["kafka"]["volumes"] == ["kafka-zookeeper:/var/lib/kafka/data"]
    assert kraft()["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    declared = {
        *load("docker-compose.yml")["volumes"],
        *load("docker-compose.zookeeper.yml")["volumes"],
    }
    used = {v.split(":")[0] for s in zookeeper().values() for v in s.get("volumes", [])}
    assert {name for name in used if not name.startswith("./")} == declared - {"kafka"}


def mounts(service: str) -> dict[str, str]:
    """Folders and files of this checkout by where the container has them."""
    volumes = [volume.split(":") for volume in kraft()[service]["volumes"]]
    for mine, _, *mode in volumes:
        assert mode == ([] if mine.startswith("./data/") else ["ro"]), mine
        assert mine.startswith("./data/") or (ROOT / mine).exists(), mine
    return {there: mine for mine, there, *_ in volumes}


@TOPOLOGIES
def test_monitoring_starts_only_when_asked_for(services: Services) -> None:
    profiles = {name: service.get("profiles", []) for name, service in services.items()}

    assert {name for name, of in profiles.items() if of} == {"prometheus", "grafana"}
    assert profiles["prometheus"] == profiles["grafana"] == ["monitoring"]


def test_prometheus_reads_the_projects_configuration_and_keeps_its_data_in_data() -> None:
    prometheus = kraft()["prometheus"]
    given = dict(word.removeprefix("--").split("=") for word in prometheus["command"])
    config = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())
    where = mounts("prometheus")

    assert where[given["config.file"]] == "./monitoring/prometheus.yml"
    for rules in config["rule_files"]:
        beside = str(Path(given["config.file"]).parent / rules)
        assert where[beside] == f"./monitoring/{rules}"
    assert where[given["storage.tsdb.path"]] == "./data/prometheus"


def test_prometheus_reaches_the_stages_on_this_machine() -> None:
    config = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())
    targets = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]
    }

    assert targets == {
        "leaderboard-api": [f"host.docker.internal:{DEFAULTS.api_port}"],
        "leaderboard-processor": ["host.docker.internal:9101"],
        "leaderboard-producer": ["host.docker.internal:9102"],
    }
    assert kraft()["prometheus"]["extra_hosts"] == ["host.docker.internal:host-gateway"]


def test_grafana_finds_its_server_and_its_dashboards() -> None:
    where = mounts("grafana")
    provisioning = ROOT / where["/etc/grafana/provisioning"]
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((provisioning / "dashboards/leaderboard.yml").read_text())[
        "providers"
    ]
    folder = provider["options"]["path"]
    home = kraft()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert source["url"] == "http://prometheus:9090"
    assert (ROOT / where[folder] / Path(home).relative_to(folder)).exists()
    assert where["/var/lib/grafana"] == "./data/grafana"


def test_nobody_can_change_anything_in_grafana() -> None:
    env = kraft()["grafana"]["environment"]

    assert env["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert (env["GF_AUTH_BASIC_ENABLED"], env["GF_AUTH_DISABLE_LOGIN_FORM"]) == ("false", "true")


def test_topics_are_created_with_the_packages_defaults(tmp_path: Path) -> None:
    """The service's own script runs here, with programs that write down what they are told."""
    told = tmp_path / "told"
    for name in ("kafka-topics.sh", "kafka-configs.sh"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{told}"\n')
        program.chmod(0o755)
    service = kraft()["topics"]
    env = {key: str(value) for key, value in service["environment"].items()}

    subprocess.run(service["command"], env={**os.environ, **env, "BIN": str(tmp_path)}, check=True)

    lines = told.read_text().splitlines()
    retention_ms = DEFAULTS.retention_days * 24 * 60 * 60 * 1000
    for topic in (DEFAULTS.topic, DEFAULTS.dead_letter_topic, DEFAULTS.late_topic):
        created = f"--create --if-not-exists --topic {topic} --partitions {DEFAULTS.partitions} "
        assert any(created in line for line in lines)
        kept = f"--alter --topic {topic} --add-config retention.ms={retention_ms}"
        assert any(line.endswith(kept) for line in lines)
    assert len(lines) == 6


def test_a_topic_that_can_not_be_created_fails_the_service(tmp_path: Path) -> None:
    program = tmp_path / "kafka-topics.sh"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    service = kraft()["topics"]
    env = {key: str(value) for key, value in service["environment"].items()}

    ran = subprocess.run(service["command"], env={**os.environ, **env, "BIN": str(tmp_path)})

    assert ran.returncode == 1


def test_variables_used_are_settings_of_the_package() -> None:
    text = "".join(
        (ROOT / name).read_text() for name in ("docker-compose.yml", "docker-compose.zookeeper.yml")
    )
    used = set(re.findall(r"\$\{(\w+):-", text))
    settings = {f"LEADERBOARD_{name.upper()}" for name in Settings.model_fields}

    assert used - settings == {"KAFKA_UI_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT"}
    assert not re.findall(r"(?<!\$)\$\{\w+\}", text)
