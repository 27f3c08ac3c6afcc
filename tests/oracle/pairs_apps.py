"""What applications send over UDP, and what answers it: (stimulus, response, port that is asked)."""

from scapy.all import (BOOTP, DHCP, DNS, DNSQR, DNSRR, ISAKMP, NTP, RIP, RTP, SNMP, TFTP, TFTP_ACK, TFTP_DATA, TFTP_ERROR,
                       TFTP_OACK, TFTP_RRQ, TFTP_WRQ, ASN1_INTEGER, LLMNRQuery, LLMNRResponse, NBNSHeader,
                       NBNSNodeStatusRequest, NBNSNodeStatusResponse, NBNSQueryRequest, NBNSQueryResponse, Raw, RIPEntry,
                       SNMPbulk, SNMPget, SNMPinform, SNMPnext, SNMPresponse, SNMPset)
from scapy.contrib.gtp import GTP_U_Header, GTPEchoRequest, GTPEchoResponse, GTPHeader

NAMES = ['a.example.', 'A.Example.', 'b.example.']


def dns(draw):
    ident, name = draw.randrange(65536), draw.choice(NAMES)
    asked = DNSQR(qname=name, qtype=draw.choice([1, 28]))
    repeated = draw.choice([asked, asked, asked, None, DNSQR(qname=draw.choice(NAMES), qtype=1)])
    record = draw.choice([DNSRR(rrname=name, rdata='198.18.0.9'), None])
    return (DNS(id=ident, qd=asked), DNS(id=ident, qr=draw.choice([1, 1, 1, 0]), qd=repeated, an=record),
            draw.choice([53, 53, 5353]))


def llmnr(draw):
    ident = draw.randrange(65536)
    s = LLMNRQuery(id=ident, qd=DNSQR(qname='a'))
    return s, draw.choice([LLMNRResponse(id=ident, qr=1, qd=DNSQR(qname='a')), LLMNRQuery(id=ident, qd=DNSQR(qname='a'))]), 5355


def ntp(draw):
    return NTP(mode=draw.choice([3, 1])), NTP(mode=4, stratum=2), 123


def snmp(draw):
    ident = draw.choice([0, 1, 127, 128, 65536])
    kind = draw.choice([SNMPget, SNMPnext, SNMPset, SNMPbulk, SNMPinform])
    return (SNMP(PDU=kind(id=ASN1_INTEGER(ident))),
            SNMP(PDU=SNMPresponse(id=ASN1_INTEGER(draw.choice([ident, ident, ident + 1])))), 161)


def dhcp(draw):
    ident = draw.randrange(1 << 32)
    options = DHCP(options=[('message-type', 1), 'end'])
    return BOOTP(xid=ident) / options, BOOTP(op=2, xid=ident) / DHCP(options=[('message-type', 2), 'end']), 67


def tftp(draw):
    asked, answered = draw.choice([
        (TFTP_RRQ(filename='f'), TFTP_DATA(block=1)), (TFTP_RRQ(filename='f'), TFTP_DATA(block=2)),
        (TFTP_WRQ(filename='f'), TFTP_ACK(block=0)), (TFTP_WRQ(filename='f'), TFTP_OACK()),
        (TFTP_RRQ(filename='f'), TFTP_ERROR(errorcode=1, errormsg='no')), (TFTP_DATA(block=4), TFTP_ACK(block=4)),
        (TFTP_ACK(block=4), TFTP_DATA(block=5)), (TFTP_OACK(), TFTP_ACK(block=0)),
        (TFTP_RRQ(filename='f'), TFTP_RRQ(filename='f'))])
    return TFTP() / asked, TFTP() / answered, 69


def rip(draw):
    return RIP(cmd=1) / RIPEntry(), RIP(cmd=2) / RIPEntry(addr='198.18.7.0', metric=draw.randrange(1, 16)), 520


def isakmp(draw):
    cookie = draw.randbytes(8)
    return ISAKMP(init_cookie=cookie, exch_type=2), ISAKMP(init_cookie=cookie, resp_cookie=draw.randbytes(8), exch_type=2), 500


def nbns(draw):
    asked, answered = draw.choice([
        (NBNSQueryRequest(QUESTION_NAME='AB'), NBNSQueryResponse(RR_NAME='AB')),
        (NBNSNodeStatusRequest(QUESTION_NAME='AB'), NBNSNodeStatusResponse(RR_NAME='AB')),
        (NBNSQueryRequest(QUESTION_NAME='AB'), NBNSNodeStatusResponse(RR_NAME='AB')),
        (NBNSNodeStatusRequest(QUESTION_NAME='AB'), NBNSQueryResponse(RR_NAME='AC'))])
    return NBNSHeader() / asked, NBNSHeader() / answered, 137


def gtp(draw):
    seq = draw.choice([0, 7, draw.randrange(65536)])
    layer = draw.choice([(GTPHeader, 2123), (GTP_U_Header, 2152)])
    s = layer[0](S=1, seq=seq, gtp_type=1) / GTPEchoRequest()
    return s, layer[0](S=1, seq=draw.choice([seq, seq, 0, 9]), gtp_type=2) / GTPEchoResponse(), layer[1]


def rtp(draw):
    return RTP(sequence=1) / Raw(b'abc'), RTP(sequence=2) / Raw(b'def'), 5004


def junk(draw):
    return Raw(draw.randbytes(draw.randrange(1, 30))), Raw(draw.randbytes(draw.randrange(1, 30))), draw.choice([53, 69, 161, 9])


APPLICATIONS = [dns, dns, llmnr, ntp, snmp, dhcp, tftp, tftp, rip, isakmp, nbns, gtp, rtp, junk]
