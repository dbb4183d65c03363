/* Opens the mini program: within WeChat by a tag of its own, on a phone by a scheme that a cloud
 * function makes, on a desktop not at all. */
(function () {
  'use strict';

  var JWEIXIN = 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js';
  var CLOUD = 'https://res.wx.qq.com/open/js/cloudbase/1.1.0/cloud.js';
  var PATIENCE_MS = 8000;

  var WORDS = {
    zh: {
      open: '打开小程序',
      opening: '正在打开…',
      wechat: '点击下方按钮，进入小程序。',
      phone: '点击下方按钮，在微信中打开小程序。',
      desktop: '小程序只能在手机上打开：请在手机上点开短信里的链接。',
      search: function (name) { return '没有打开？请在微信中搜索「' + name + '」。'; },
    },
    en: {
      open: 'Open the mini program',
      opening: 'Opening…',
      wechat: 'The button below takes you to the mini program.',
      phone: 'The button below opens the mini program in WeChat.',
      desktop: 'Mini programs open on a phone: follow the link of the text message there.',
      search: function (name) { return 'Did it not open? Look for “' + name + '” in WeChat.'; },
    },
  };

  var mini = JSON.parse(document.getElementById('mini-program').textContent);
  var isChinese = /^zh/i.test(navigator.language || 'zh');
  var words = isChinese ? WORDS.zh : WORDS.en;
  var query = location.search.replace(/^\?/, '');

  document.documentElement.lang = isChinese ? 'zh-CN' : 'en';
  document.title = words.open;
  say('name', mini.name || '小程序');
  say('where', mini.path + (query ? '?' + query : ''));

  function say(id, text) {
    var element = document.getElementById(id);
    element.textContent = text;
    element.hidden = !text;
  }

  function giveUp() {
    // Without a button nothing is said of one.
    if (!document.querySelector('#action button')) say('says', '');
    say('hint', words.search(mini.name || ''));
  }

  function load(address) {
    return new Promise(function (resolve, reject) {
      var script = document.createElement('script');
      script.src = address;
      script.onload = resolve;
      script.onerror = function () { reject(new Error(address)); };
      setTimeout(script.onerror, PATIENCE_MS);
      document.head.appendChild(script);
    });
  }

  function reader() {
    var agent = navigator.userAgent.toLowerCase();
    if (/micromessenger/.test(agent) && !/wxwork/.test(agent)) return 'wechat';
    return /android|iphone|ipad|mobile|harmony/.test(agent) ? 'phone' : 'desktop';
  }

  function button() {
    var made = document.createElement('button');
    made.type = 'button';
    made.textContent = words.open;
    return made;
  }

  /* WeChat draws the tag, and asks for no real signature on a website of CloudBase. */
  function inWeChat() {
    var action = document.getElementById('action');
    load(JWEIXIN).then(function () {
      window.wx.config({
        appId: mini.appid,
        timestamp: 0,
        nonceStr: 'nonceStr',
        signature: 'signature',
        jsApiList: ['chooseImage'],
        openTagList: ['wx-open-launch-weapp'],
      });
      var tag = document.createElement('wx-open-launch-weapp');
      var inner = document.createElement('script');
      tag.setAttribute('username', mini.username);
      tag.setAttribute('path', mini.path + (query ? '?' + query : ''));
      inner.type = 'text/wxtag-template';
      inner.textContent = '<button style="width:100%;height:48px;border:0;border-radius:12px;' +
        'background:#07834f;color:#fff;font-size:17px;font-weight:600">' + words.open + '</button>';
      tag.appendChild(inner);
      tag.addEventListener('error', giveUp);
      action.appendChild(tag);
    }).catch(giveUp);
  }

  function onPhone() {
    var made = button();
    document.getElementById('action').appendChild(made);
    made.addEventListener('click', function () {
      made.disabled = true;
      made.textContent = words.opening;
      openScheme().catch(giveUp).then(function () {
        made.disabled = false;
        made.textContent = words.open;
      });
    });
  }

  function openScheme() {
    return load(CLOUD).then(function () {
      var cloud = new window.cloud.Cloud({
        identityless: true,
        resourceAppid: mini.appid,
        resourceEnv: mini.env,
      });
      return cloud.init().then(function () {
        return cloud.callFunction({ name: 'public', data: { action: 'getUrlScheme', query: query } });
      });
    }).then(function (answer) {
      location.href = answer.result.openlink;
    });
  }

  var where = reader();
  say('says', words[where]);
  if (where === 'wechat') inWeChat();
  if (where === 'phone') onPhone();
})();
