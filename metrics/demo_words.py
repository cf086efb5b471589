"""How a specification of the demo changed four times, and why; each time in both languages."""

SPECS = [
    (
        "把地址与支付合成一页。\n优惠券输入框留在购物车。\n旧链接跳到新页。",
        "Address and payment on one page.\nThe field for coupons stays in the cart.\n"
        "Old links lead to the new page.",
    ),
    (
        "把地址与支付合成一页。\n优惠券输入框移到付款页，自动填入可用的券。\n旧链接跳到新页。",
        "Address and payment on one page.\nThe field for coupons moves to the page of payment, "
        "filled with what can be used.\nOld links lead to the new page.",
    ),
    (
        "把地址与支付合成一页，支持拆单。\n优惠券输入框移到付款页，自动填入可用的券。\n旧链接跳到新页。",
        "Address and payment on one page, also for orders in parts.\nThe field for coupons moves "
        "to the page of payment, filled with what can be used.\nOld links lead to the new page.",
    ),
    (
        "把地址与支付合成一页，支持拆单。\n优惠券输入框移到付款页，自动填入可用的券，可叠加两张。\n"
        "旧链接跳到新页。",
        "Address and payment on one page, also for orders in parts.\nThe field for coupons moves "
        "to the page of payment, filled with what can be used, up to two.\n"
        "Old links lead to the new page.",
    ),
    (
        "把地址与支付合成一页，支持拆单。\n优惠券输入框移到付款页，自动填入可用的券，可叠加两张。\n"
        "旧链接跳到新页。\n访客也能付款，之后再注册。",
        "Address and payment on one page, also for orders in parts.\nThe field for coupons moves "
        "to the page of payment, filled with what can be used, up to two.\n"
        "Old links lead to the new page.\nGuests pay as well, and register afterwards.",
    ),
]
WHY_IT_CHANGED = [
    (3, ("市场部要在付款页露出优惠券", "Marketing wants coupons seen at the payment")),
    (4, ("仓库开始分批发货", "The warehouse ships in parts from now on")),
    (3, ("周年庆的券可以叠加", "Coupons of the anniversary can be used together")),
    (5, ("访客下单占两成，不能丢", "A fifth of the orders come from guests")),
]
