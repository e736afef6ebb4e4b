"""The maker of a large desk file: years of a duty room's log, written by the program's own functions."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from commandcenter.domain.access import UNSIGNED
from commandcenter.domain.clock import SHANGHAI, to_ms, whole_ms
from commandcenter.domain.record import Situation
from commandcenter.services.command import HANDLERS, Command
from commandcenter.services.incidents import AttachLine, CloseIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.reference import is_code
from commandcenter.services.registers import AddCard
from commandcenter.services.workplace import Workplace
from db.desk.store import Author, Mint, Transaction

LINES_A_DAY = 900
NEWEST = datetime(2026, 7, 28, 8, 0, tzinfo=SHANGHAI)
BATCH = 20_000  # lines in one SQLite transaction
LATE_AFTER_S = 1800

STREETS = ("海滨街道", "临江街道", "鲤中街道", "开元街道", "浮桥街道", "江南街道", "金龙街道", "常泰街道")
ROADS = (
    "中山路 西街 东街 涂门街 打锡街 新门街 江滨南路 江滨北路 温陵路 九一路 南俊路 笋江路 义全街 新华路 百源路 "
    "爱国路 天后路 德济路 水门巷 花巷 象峰巷 通政巷 三朝巷 许厝埕 庄府巷 台魁巷 旧馆驿 甲第巷 井亭巷 伍堡街 紫帽山路 "
    "繁荣大道 兴贤路 南环路 常兴路 笔锋路 环岛路 清濛大道 高山路 火炬街"
).split()
PLACES = (
    "农贸市场 幼儿园 小学 中学 养老院 地下车库 老旧小区 在建工地 加油站 液化气站 冷库 印刷厂 鞋材厂 仓库 公交站 桥洞 "
    "排涝泵站 水闸 码头 文庙 古厝 祠堂 菜市场 医院门诊楼 卫生院 影剧院 酒店 网吧 商场三楼 变电站 通信基站 边坡 高架桥下 隧道口 "
    "避难场所 体育馆 社区活动中心 村口 水库坝顶 河道滩地"
).split()
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志海燕春梅鹏飞龙宇浩轩梓涵欣怡晨曦睿泽钰琪嘉豪俊贤淑慧雅婷彬彦铭锦鸿远航毅恒昊乾坤瑾瑜璇玥琳珊翰墨岚嵘崇峻"
UNITS = (
    "区消防救援大队 区公安分局指挥中心 区卫健局 区住建局 区城管局 区水利局 区气象局 供电公司 自来水公司 燃气公司 区教育局 "
    "区民政局 区交通局 区文旅局 市应急局 市防汛办 武警支队 蓝天救援队 红十字会 通信公司 区委值班室 区政府值班室 街道值班室 电视台"
).split()
SUBJECTS = (
    "积水 内涝 树木倒伏 广告牌松动 电线掉落 燃气泄漏 管道破裂 停电 停水 道路塌陷 边坡滑塌 居民楼冒烟 电动车起火 电梯困人 人员落水 "
    "食物中毒 交通事故 货车侧翻 化学品异味 井盖缺失 围挡倒塌 房屋开裂 山体落石 蜂窝伤人 群众聚集 老人走失 儿童被困 信号中断 泵站故障 堤防渗漏"
).split()
ACTIONS = (
    "已派人到场核实|已通知相关单位处置|要求每三十分钟续报一次|现场已拉警戒线|正在组织转移群众|已联系家属|无人员伤亡|暂未发现被困人员|"
    "需要增援抽水泵两台|请求调拨沙袋五百只|道路已临时封闭|交警已到场疏导|抢修队预计四十分钟到达|水位仍在上涨|水位已回落|已恢复供电|"
    "已恢复通行|已告知带班领导|带班领导批示按预案执行|请继续关注并及时报告|已上传现场照片|影响范围约三百户|伤者已送医救治|明火已扑灭正在清理余火|"
    "已关闭阀门并疏散周边居民|物业已开展自查|网格员正逐户排查|已启动应急照明|转移安置点已开放|雨量计读数已报送|值守人员在岗在位|视频调度正常|"
    "经核实系误报|待进一步核实|已形成书面材料上报|舆情平稳|已协调挖掘机一台进场|居民情绪稳定|危险区域已设置警示标志|明日上午复查"
).split("|")
ROUTINE = (
    "{unit}来电，询问{street}{place}{subject}处置情况，答复：{action}。",
    "{street}报：{road}{number}号{place}发生{subject}，{action}，{action2}。",
    "接{person}来电（{phone}），反映{road}{number}号附近{subject}，{action}。",
    "{street}{person}报告，{place}巡查完毕，{action}。",
    "向{unit}{person}通报{street}{subject}情况，{action}。",
    "{unit}传真收悉，文号〔2025〕{number}号，关于{subject}防范工作，{action}。",
    "点名抽查：{street}{person}在岗，电话{phone}，{action}。",
    "{place}水位{level}米，雨量{rain}毫米，{action}。",
    "{unit}{person}到达{road}{place}，携带抽水泵{few}台、冲锋舟{few}艘，{action}。",
    "交班提醒：{street}{subject}一事{action}，请接班人员继续跟进。",
    "{person}请示：{place}{subject}是否需要提级，答复{action}。",
    "系统巡检：机房温度{rain}℃，UPS正常，{action}。",
    "{hour}:{minute} {street}{road}路段{subject}，影响车辆{number}台，{action2}，{action}。",
    "{road}“{shop}”店铺{person}求助：{subject}，{action}。",
    "{unit}{person}转来群众信访件，涉及{shop}公司，{action}，{action2}。",
)


@dataclass
class Script:
    """Everything random of one file, from one seed."""

    random: random.Random
    now: datetime
    serial: int = 0
    entries: list[UUID] = field(default_factory=list)  # the latest lines, for strikes and attachments
    open_incidents: list[UUID] = field(default_factory=list)

    def new_id(self) -> UUID:
        """A UUIDv7 of the scripted instant."""
        self.serial += 1
        low = (self.serial & 0xFFF) << 64 | 0b10 << 62 | self.random.getrandbits(62)
        return UUID(int=to_ms(self.now) << 80 | 0x7 << 76 | low)

    def instant(self) -> datetime:
        """The scripted instant in whole milliseconds."""
        return whole_ms(self.now)

    def person(self) -> str:
        """A made-up name."""
        pick = self.random.choice
        return pick(SURNAMES) + pick(GIVEN) + (pick(GIVEN) if self.random.random() < 0.7 else "")

    def shop(self) -> str:
        """A made-up name of any of the 3,700 common characters."""
        r = self.random
        codes = bytes(part for _ in range(r.randint(2, 4)) for part in (r.randint(0xB0, 0xD6), r.randint(0xA1, 0xFE)))
        return codes.decode("gb2312")

    def text(self) -> str:
        """A made-up line of a duty log; its phones begin with 100, which no number here does."""
        r, pick = self.random, self.random.choice
        return pick(ROUTINE).format(
            unit=pick(UNITS),
            street=pick(STREETS),
            road=pick(ROADS),
            place=pick(PLACES),
            subject=pick(SUBJECTS),
            action=pick(ACTIONS),
            action2=pick(ACTIONS),
            person=self.person(),
            shop=self.shop(),
            number=r.randint(1, 999),
            phone=f"100{r.randint(0, 99_999_999):08d}",
            level=f"{r.uniform(1, 9):.2f}",
            rain=f"{r.uniform(0, 90):.1f}",
            few=r.randint(1, 9),
            hour=f"{r.randint(0, 23):02d}",
            minute=f"{r.randint(0, 59):02d}",
        )


class ScriptClock:
    """The script's instant as the desk's clock."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def now(self) -> datetime:
        """The scripted instant."""
        return self.script.now

    def offset_ms(self) -> int | None:
        """Never measured."""
        return None


def build(
    file: Path,
    lines: int = 1_000_000,
    seed: int = 20260728,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Make the desk database ``file`` (which must not exist) with ``lines`` lines of the log.

    True entry bytes, true chains of three desks, projections and counts: written by the commands' own
    handlers, many commands to one SQLite transaction and without waiting for the disk.
    """
    if file.exists():
        raise FileExistsError(file)
    days = lines / LINES_A_DAY
    script = Script(random.Random(seed), NEWEST - timedelta(days=days))
    mint = Mint(new_id=script.new_id, new_salt=lambda: script.random.randbytes(16))
    workplace = Workplace(
        file, clock=ScriptClock(script), mint=mint, backups=file.parent / "backups", profile="empty"
    )
    connection = workplace.connection
    try:
        streets = []
        for name in STREETS:
            card = AddCard(kind="organisation", fields={"name": name, "level": "street"})
            streets.append(workplace.execute(card).ids[0])
        connection.execute("PRAGMA synchronous=OFF")
        desks = [workplace.device, script.new_id(), script.new_id()]
        connection.execute("BEGIN IMMEDIATE")
        for number, desk in enumerate(desks[1:], start=2):
            tx = _transaction(workplace, script, mint, desk)
            tx.add("desk", {"number": number}, id_=desk)
            tx.close()
        step = timedelta(days=1) / LINES_A_DAY
        for done in range(lines):
            script.now += step * script.random.uniform(0.5, 1.5)
            desk = desks[min(int(script.random.expovariate(1.2)), 2)]
            _line(workplace, script, mint, desk)
            if script.random.random() < 0.004:
                _affair(workplace, script, mint, desk, streets)
            if done % BATCH == BATCH - 1:
                connection.execute("COMMIT")
                progress(done + 1)
                connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        workplace.close()


def _transaction(workplace: Workplace, script: Script, mint: Mint, desk: UUID) -> Transaction:
    author = Author(person=None, roles=(UNSIGNED,), device=desk, scope=None, offset_ms=None)
    situation = Situation(now=script.instant(), late_after_s=LATE_AFTER_S, is_code=is_code)
    return Transaction(workplace.connection, author, situation, mint)


def _execute(workplace: Workplace, script: Script, mint: Mint, desk: UUID, command: Command) -> list[UUID]:
    tx = _transaction(workplace, script, mint, desk)
    HANDLERS[type(command)](tx, command)
    tx.close()
    return tx.ids


def _line(workplace: Workplace, script: Script, mint: Mint, desk: UUID) -> None:
    r = script.random
    happened, reason = None, None
    if r.random() < 0.03:
        happened = script.instant() - timedelta(minutes=r.randint(1, 600))
        reason = "补记"
    incident = None
    if script.open_incidents and r.random() < 0.35:
        incident = r.choice(script.open_incidents)
    command = WriteLogEntry(
        text=script.text(),
        incident_id=incident,
        channel=r.choices(
            ("phone", "radio", "fax", "wechat", "in_person", "video", None), (50, 12, 3, 15, 4, 3, 13)
        )[0],
        direction=r.choice(("incoming", "outgoing", None)),
        counterpart=script.person() if r.random() < 0.3 else None,
        importance=r.choices(("normal", "important", "urgent"), (94, 5, 1))[0],
        happened_at=happened,
        late_reason=reason,
    )
    script.entries.append(_execute(workplace, script, mint, desk, command)[0])
    del script.entries[:-200]


def _affair(workplace: Workplace, script: Script, mint: Mint, desk: UUID, streets: list[UUID]) -> None:
    """Now and then a line is struck, attached, or begins an incident; old incidents are closed."""
    r = script.random
    entry = r.choice(script.entries)
    what = r.random()
    if what < 0.5:
        script.entries.remove(entry)
        text = script.text() if r.random() < 0.7 else None
        strike = StrikeFact(target_id=entry, reason="记录有误", replacement_text=text)
        _execute(workplace, script, mint, desk, strike)
    elif what < 0.65 and script.open_incidents:
        row = workplace.connection.execute("SELECT incident_id FROM log_entry WHERE id = ?", (entry.bytes,))
        incident = r.choice(script.open_incidents)
        if row.fetchone()[0] != incident.bytes:
            _execute(workplace, script, mint, desk, AttachLine(incident_id=incident, entry_id=entry))
    else:
        command = OpenIncident(
            title=r.choice(STREETS) + r.choice(ROADS) + r.choice(SUBJECTS),
            event_code=r.choice(COMMON),
            street_id=r.choice(streets),
            place=f"{r.choice(ROADS)}{r.randint(1, 999)}号",
            known=script.text(),
            to_verify=r.choice(ACTIONS),
            from_entry_id=entry,
        )
        script.open_incidents.append(_execute(workplace, script, mint, desk, command)[0])
        if len(script.open_incidents) > 6:
            oldest = script.open_incidents.pop(0)
            _execute(workplace, script, mint, desk, CloseIncident(id=oldest, reason="处置完毕"))


COMMON = ("11A01", "12A01")


def main() -> int:
    """``python -m tests.bench.million FILE [LINES]``."""
    file = Path(sys.argv[1])
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    build(file, lines, progress=lambda done: print(done, file=sys.stderr))
    return 0


if __name__ == "__main__":
    sys.exit(main())
